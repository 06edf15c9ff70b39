/**
 * What a tenant's bridges may reach, as text for `iptables-restore`. Pure; firewall.ts puts it in place.
 *
 * The rules name interfaces by the cloud's prefix, so that they stand before the first tenant's network does and need no
 * change for the next one. Chains and prefix are the cloud's own: clouds on one host do not meet.
 */
export interface FirewallPolicy {
  /** What the cloud's bridge interfaces begin with. */
  bridgePrefix: string
  /** `internet`: everything that is neither the host nor a private address. `none`: answers to the gateway only. */
  egress: 'internet' | 'none'
  /** Resolvers that Docker's embedded one asks from within the container's own network. */
  resolvers: readonly string[]
  /** TCP ports of the host that functions may call: the gateway's, so that one function can call another. */
  hostPorts: readonly number[]
  /** Where builds run, and what of the private ranges they may reach all the same (a mirror of packages). */
  builds?: { bridge: string; mayReach: readonly string[] }
}

/**
 * Where no function has business: this host's networks, the operator's, other tenants' and the cloud provider's
 * metadata service (169.254.169.254). The special-purpose registry of RFC 6890 without what is meant for documentation.
 */
export const PRIVATE_RANGES = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const

/** A jump that must stand in one of the host's chains, written as `iptables -S` prints it. */
export interface Jump {
  chain: string
  rule: string
}

export interface Rules {
  /** Own chains with what stands in them, in order. */
  chains: Readonly<Record<string, readonly string[]>>
  /** First in their chain, the first of them on top. */
  jumps: readonly Jump[]
}

const ANSWERS = '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN'
const REFUSE = '-j REJECT --reject-with icmp-admin-prohibited'

export const ipv4Rules = (policy: FirewallPolicy): Rules => {
  const { toHost, outOf, into, buildToHost, buildOutOf } = chainNames(policy)
  const bridges = `${policy.bridgePrefix}+`
  const asksResolvers =
    policy.egress === 'none'
      ? []
      : policy.resolvers.flatMap((ip) => ['udp', 'tcp'].map((over) => `-d ${ip}/32 -p ${over} --dport 53 -j RETURN`))
  return {
    chains: {
      [toHost]: [
        ANSWERS,
        ...asksResolvers,
        ...policy.hostPorts.map((port) => `-p tcp --dport ${port} -j RETURN`),
        REFUSE,
      ],
      [outOf]: [
        ANSWERS,
        ...asksResolvers,
        ...PRIVATE_RANGES.map((range) => `-d ${range} ${REFUSE}`),
        ...(policy.egress === 'none' ? [REFUSE] : []),
      ],
      /** The host itself (the gateway) goes by OUTPUT, so nobody has business here: other bridges, other machines. */
      [into]: [ANSWERS, REFUSE],
      ...(policy.builds && buildChains(policy, policy.builds)),
    },
    jumps: [
      { chain: 'INPUT', rule: `-i ${bridges} -j ${toHost}` },
      ...(policy.builds
        ? [
            { chain: 'INPUT', rule: `-i ${policy.builds.bridge} -j ${buildToHost}` },
            { chain: 'DOCKER-USER', rule: `-i ${policy.builds.bridge} -j ${buildOutOf}` },
          ]
        : []),
      { chain: 'DOCKER-USER', rule: `-o ${bridges} -j ${into}` },
      { chain: 'DOCKER-USER', rule: `-i ${bridges} -j ${outOf}` },
      /** Docker's own, which a flush by hand takes away and Docker brings back only with the next network. */
      { chain: 'FORWARD', rule: '-j DOCKER-USER' },
    ],
  }
}

/** A step of a tenant's Dockerfile is the tenant's code too: it gets the internet for its packages, and nothing of ours. */
const buildChains = (policy: FirewallPolicy, builds: NonNullable<FirewallPolicy['builds']>): Rules['chains'] => {
  const { buildToHost, buildOutOf } = chainNames(policy)
  const asksResolvers = policy.resolvers.flatMap((ip) =>
    ['udp', 'tcp'].map((over) => `-d ${ip}/32 -p ${over} --dport 53 -j RETURN`),
  )
  return {
    [buildToHost]: [ANSWERS, ...asksResolvers, REFUSE],
    [buildOutOf]: [
      ANSWERS,
      ...asksResolvers,
      ...builds.mayReach.map((range) => `-d ${range} -j RETURN`),
      ...PRIVATE_RANGES.map((range) => `-d ${range} ${REFUSE}`),
    ],
  }
}

/** Tenants' networks have no IPv6; this holds should a bridge get an address all the same. */
export const ipv6Rules = (policy: FirewallPolicy): Rules => {
  const bridges = `${policy.bridgePrefix}+`
  return {
    chains: {},
    jumps: [
      { chain: 'INPUT', rule: `-i ${bridges} -j DROP` },
      { chain: 'FORWARD', rule: `-i ${bridges} -j DROP` },
      { chain: 'FORWARD', rule: `-o ${bridges} -j DROP` },
    ],
  }
}

/**
 * Input for `iptables-restore --noflush`: fills our own chains anew and adds the jumps that `current` (the output of
 * `iptables -S`) lacks, in one transaction. Nobody else's rule is touched.
 */
export const restoreInput = (rules: Rules, current: string): string => {
  const lines = new Set(current.split('\n'))
  const missing = rules.jumps.filter(({ chain, rule }) => !lines.has(`-A ${chain} ${rule}`))
  return [
    '*filter',
    ...Object.keys(rules.chains).map((chain) => `:${chain} - [0:0]`),
    ...Object.entries(rules.chains).flatMap(([chain, body]) => body.map((rule) => `-A ${chain} ${rule}`)),
    ...missing.toReversed().map(({ chain, rule }) => `-I ${chain} 1 ${rule}`),
    'COMMIT',
    '',
  ].join('\n')
}

/** Input that takes away what restoreInput put in place, as far as `current` shows it; undefined when it shows nothing. */
export const removalInput = (rules: Rules, current: string): string | undefined => {
  const lines = current.split('\n')
  const own = Object.keys(rules.chains).filter((chain) => lines.includes(`-N ${chain}`))
  /** A jump that Docker needs as well stays. */
  const jumps = rules.jumps
    .filter(({ rule }) => !rule.endsWith('DOCKER-USER'))
    .flatMap(({ chain, rule }) => lines.filter((line) => line === `-A ${chain} ${rule}`))
  if (own.length === 0 && jumps.length === 0) return undefined
  return [
    '*filter',
    ...jumps.map((line) => `-D${line.slice(2)}`),
    ...own.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
    'COMMIT',
    '',
  ].join('\n')
}

/** Whether `-S` shows every jump, and our chains just as they were seen right after they were written. */
export const standsAs = (rules: Rules, seen: string | undefined, current: string): boolean =>
  seen !== undefined && ownLines(rules, current) === seen && hasJumps(rules, current)

/** The lines of our own chains; kept after writing, since `iptables -S` words some rules otherwise than they were given. */
export const ownLines = (rules: Rules, current: string): string => {
  const own = new Set(Object.keys(rules.chains))
  return current
    .split('\n')
    .filter((line) => own.has(line.split(' ')[1] ?? ''))
    .join('\n')
}

const hasJumps = (rules: Rules, current: string): boolean => {
  const lines = new Set(current.split('\n'))
  return rules.jumps.every(({ chain, rule }) => lines.has(`-A ${chain} ${rule}`))
}

const chainNames = ({ bridgePrefix }: FirewallPolicy) => ({
  toHost: `PUSHFN-${bridgePrefix}-HOST`,
  outOf: `PUSHFN-${bridgePrefix}-OUT`,
  into: `PUSHFN-${bridgePrefix}-IN`,
  buildToHost: `PUSHFN-${bridgePrefix}-BHOST`,
  buildOutOf: `PUSHFN-${bridgePrefix}-BOUT`,
})
