import { AppError } from '@pushfn/model/errors'
import {
  type FirewallPolicy,
  ipv4Rules,
  ipv6Rules,
  ownLines,
  type Rules,
  restoreInput,
  standsAs,
} from './firewall-rules.ts'
import type { Iptables } from './iptables.ts'

export interface Firewall {
  /**
   * Puts the cloud's rules in place where they are not: after a restart of the host, of dockerd, of a firewall. Costs one
   * listing when all stands. Throws ENGINE_FAILED when it may not or cannot.
   */
  ensureRules(): Promise<void>
}

/** Leaves the engine as it is: for a host on which something else keeps tenants apart. */
export const noFirewall: Firewall = { ensureRules: async () => undefined }

export const createFirewall = (iptables: Iptables, policy: () => Promise<FirewallPolicy>): Firewall => {
  /** Our chains as `-S` showed them when they were last written. */
  let seen: { text: string; written: string } | undefined
  let running: Promise<void> | undefined

  const ensureIpv4 = async (rules: Rules) => {
    const written = JSON.stringify(rules)
    const current = await iptables('iptables', ['-w', '10', '-S'])
    if (!current.includes('-N DOCKER-USER')) {
      throw new Error('dockerd keeps no iptables chains of its own here (is it started with --iptables=false?)')
    }
    if (standsAs(rules, seen?.written === written ? seen.text : undefined, current)) return
    await iptables('iptables-restore', ['-w', '10', '--noflush'], restoreInput(rules, current))
    seen = { written, text: ownLines(rules, await iptables('iptables', ['-w', '10', '-S'])) }
  }

  const ensure = async () => {
    try {
      const wanted = await policy()
      await ensureIpv4(ipv4Rules(wanted))
      await ensureIpv6(iptables, ipv6Rules(wanted))
    } catch (error) {
      throw new AppError(
        'ENGINE_FAILED',
        `cannot keep tenants apart: ${error instanceof Error ? error.message : String(error)}; run with CAP_NET_ADMIN in ` +
          'the network of the host that runs Docker, or turn isolation off where something else sees to it',
        { cause: error },
      )
    }
  }

  return {
    ensureRules: () => {
      running ??= ensure().finally(() => {
        running = undefined
      })
      return running
    },
  }
}

/** A kernel without IPv6 has nothing to shut. */
const ensureIpv6 = async (iptables: Iptables, rules: Rules): Promise<void> => {
  const current = await iptables('ip6tables', ['-w', '10', '-S']).catch(() => undefined)
  if (current === undefined || standsAs(rules, '', current)) return
  await iptables('ip6tables-restore', ['-w', '10', '--noflush'], restoreInput(rules, current))
}
