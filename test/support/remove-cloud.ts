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

/** Removes everything of a test's cloud from the engine. */
export const removeCloud = async (docker: Docker, cloud: string): Promise<void> => {
  const { containers, networks, images } = await litterOf(docker, cloud)
  await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })))
  await Promise.all(networks.map(({ Id }) => docker.getNetwork(Id).remove()))
  for (const { Id } of images)
    await docker
      .getImage(Id)
      .remove({ force: true })
      .catch(() => undefined)
}
