import type Docker from 'dockerode'

const MANAGED = 'pushfn.cloud/managed'

/** Everything on the engine that some Pushfn made and that runs or holds a network: lines that name each. */
export const listManaged = async (docker: Docker): Promise<ReadonlySet<string>> => {
  const filters = { label: [MANAGED] }
  const containers = await docker.listContainers({ all: true, filters })
  const networks = await docker.listNetworks({ filters })
  const cloudOf = (labels: Record<string, string> | undefined) => labels?.[MANAGED] ?? '?'
  return new Set([
    ...containers.map(({ Id, Names, Labels }) => `container ${Names[0] ?? Id} of cloud ${cloudOf(Labels)}`),
    ...networks.map(({ Name, Labels }) => `network ${Name} of cloud ${cloudOf(Labels)}`),
  ])
}
