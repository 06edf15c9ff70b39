import { createHash } from 'node:crypto'
import { LIVE } from '@pushfn/model/alias'
import { z } from 'zod'
import type { Workload } from '../engine.ts'

/**
 * What things are called in Docker. Neither a tenant's slug, a function's name, a revision nor an alias holds a dot, so that
 * (tenant a-b, function c) and (tenant a, function b-c) never meet. The names are for people and for uniqueness; what a
 * thing is, and whether it is ours, its labels say.
 */
export const LABEL = 'pushfn.cloud/'

/** The label that everything of one cloud bears, as Docker's filters want it. */
export const managedBy = (cloud: string): string => `${LABEL}managed=${cloud}`

type ReplicaName = Pick<Workload, 'tenant' | 'function' | 'revision' | 'alias'>

/** `<cloud>.<tenant>.<function>.<revision>.<ordinal>`; under another alias than `live`, `….<revision>.<alias>.<ordinal>`. */
export const containerName = (cloud: string, workload: ReplicaName, ordinal: number): string => {
  const alias = workload.alias === LIVE ? [] : [workload.alias]
  return [cloud, workload.tenant, workload.function, workload.revision, ...alias, ordinal].join('.')
}

/** `<cloud>.<tenant>`, the tenant's bridge network. */
export const networkName = (cloud: string, tenant: string): string => `${cloud}.${tenant}`

/**
 * What every bridge interface of a cloud begins with, so that one firewall rule (`-i <prefix>+`) covers the tenants to
 * come. Each cloud has its own: two of them on one host may follow different rules.
 */
export const bridgePrefix = (cloud: string): string => `pf${digest(cloud, 4)}`

/** The bridge of Docker's default network: BuildKit's steps run there, and there is no choice of another. */
export const BUILD_BRIDGE = 'docker0'

/** The tenant's bridge interface: 15 characters, which is all that Linux allows (IFNAMSIZ). */
export const bridgeName = (cloud: string, tenant: string): string => `${bridgePrefix(cloud)}${digest(tenant, 9)}`

/** `length` × 5 bits of SHA-256 in lower-case base 32. */
const digest = (text: string, length: number): string => {
  const bytes = createHash('sha256').update(text).digest()
  return Array.from(bytes.subarray(0, length), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('')
}

/** The labels of a replica's container. A tenant's own word never stands under `pushfn.cloud/`. */
export const replicaLabels = (cloud: string, workload: Workload, ordinal: number): Record<string, string> => ({
  ...passedOn(workload.spec.labels),
  ...namespaceLabels(cloud, workload.tenant),
  [`${LABEL}function`]: workload.function,
  [`${LABEL}revision`]: workload.revision,
  [`${LABEL}alias`]: workload.alias,
  [`${LABEL}build`]: workload.build,
  [`${LABEL}generation`]: workload.generation,
  [`${LABEL}ordinal`]: String(ordinal),
  /** Also of none, or it would be the image's. */
  [`${LABEL}secrets`]: workload.secrets?.key ?? '',
})

export const namespaceLabels = (cloud: string, tenant: string): Record<string, string> => ({
  [`${LABEL}managed`]: cloud,
  [`${LABEL}tenant`]: tenant,
})

/**
 * Of the tenant's labels only OpenFaaS's reach the engine. Others on the same host obey labels too (`traefik.enable`,
 * `com.docker.compose.project`, an updater's), and a list of those to refuse would never be complete.
 */
const passedOn = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => key.startsWith('com.openfaas.')))

const ReplicaLabels = z.object({
  [`${LABEL}managed`]: z.string(),
  [`${LABEL}tenant`]: z.string().min(1),
  [`${LABEL}function`]: z.string().min(1),
  [`${LABEL}revision`]: z.string().min(1),
  /** Replicas from before there were others have none. */
  [`${LABEL}alias`]: z.string().min(1).default(LIVE),
  [`${LABEL}generation`]: z.string(),
  [`${LABEL}ordinal`]: z.string().regex(/^\d{1,9}$/),
  [`${LABEL}secrets`]: z
    .string()
    .regex(/^[0-9a-f]{0,64}$/)
    .default(''),
})

export interface ReplicaIdentity {
  tenant: string
  function: string
  alias: string
  revision: string
  generation: string
  ordinal: number
  /** Absent: it has none. */
  secrets?: string
}

/**
 * What a container is; undefined when it is not a replica of this cloud. Labels alone do not say so: a container inherits
 * its image's, which a tenant's Dockerfile writes. Its name it has from whoever made it, so the two must agree.
 */
export const identityOf = (cloud: string, name: string, labels: unknown): ReplicaIdentity | undefined => {
  const parsed = ReplicaLabels.safeParse(labels)
  if (!parsed.success || parsed.data[`${LABEL}managed`] !== cloud) return undefined
  const { data } = parsed
  const identity = {
    tenant: data[`${LABEL}tenant`],
    function: data[`${LABEL}function`],
    alias: data[`${LABEL}alias`],
    revision: data[`${LABEL}revision`],
    generation: data[`${LABEL}generation`],
    ordinal: Number(data[`${LABEL}ordinal`]),
    ...(data[`${LABEL}secrets`] && { secrets: data[`${LABEL}secrets`] }),
  }
  return name.replace(/^\//, '') === containerName(cloud, identity, identity.ordinal) ? identity : undefined
}
