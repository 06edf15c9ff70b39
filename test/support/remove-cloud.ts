import { removeCloud as removeFromEngine } from '@pushfn/engine/docker/remove-cloud'
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

/** Removes everything of a test's cloud from the engine: replicas, networks, firewall rules, images. */
export const removeCloud = async (docker: Docker, cloud: string): Promise<void> => {
  await removeFromEngine({ docker, cloud })
  const { images } = await litterOf(docker, cloud)
  for (const { Id } of images) {
    // An image under another's layers goes with that one.
    await docker
      .getImage(Id)
      .remove({ force: true })
      .catch(() => undefined)
  }
}
