import type Docker from 'dockerode'

const MANAGED = 'pushfn.cloud/managed'
/** Of the containers that images are read from for their SBOM. */
const READING = 'pushfn.cloud/reading'

/** What stands on the engine of clouds whose names begin with `prefix`: a line for each container and network. */
export const listManaged = async (docker: Docker, prefix: string): Promise<string[]> => {
  const filters = { label: [MANAGED] }
  const containers = await docker.listContainers({ all: true, filters })
  const readings = await docker.listContainers({ all: true, filters: { label: [READING] } })
  const networks = await docker.listNetworks({ filters })
  const found = [
    ...containers.map(({ Id, Names, Labels }) => ({ name: `container ${Names[0] ?? Id}`, cloud: Labels[MANAGED] })),
    ...readings.map(({ Id, Names, Labels }) => ({ name: `container ${Names[0] ?? Id}`, cloud: Labels[READING] })),
    ...networks.map(({ Name, Labels }) => ({ name: `network ${Name}`, cloud: Labels?.[MANAGED] })),
  ]
  return found.flatMap(({ name, cloud }) => (cloud?.startsWith(prefix) ? [`${name} of cloud ${cloud}`] : []))
}
