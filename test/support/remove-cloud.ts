import { removeCloud as removeFromEngine } from '@pushfn/engine/docker/remove-cloud'
import { removeReadings } from '@pushfn/images/sbom/read-image'
import type Docker from 'dockerode'

/** Everything of a cloud on the engine, by its label: `containers`, `networks`, `images`. */
export const litterOf = async (docker: Docker, cloud: string) => {
  const filters = { label: [`pushfn.cloud/managed=${cloud}`] }
  const [containers, networks, images] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listImages({ all: false, filters }),
  ])
  return { containers, networks, images }
}

/** Removes everything of a test's cloud from the engine: replicas, networks, firewall rules, images and the readings of them. */
export const removeCloud = async (docker: Docker, cloud: string): Promise<void> => {
  await removeFromEngine({ docker, cloud })
  await removeReadings(docker, cloud, Number.NEGATIVE_INFINITY)
  const { images } = await litterOf(docker, cloud)
  for (const { Id } of images) {
    // An image under another's layers goes with that one.
    await docker
      .getImage(Id)
      .remove({ force: true })
      .catch(() => undefined)
  }
}
