import { expect, test } from 'vitest'
import {
  type FirewallPolicy,
  ipv4Rules,
  ownLines,
  PRIVATE_RANGES,
  removalInput,
  restoreInput,
  standsAs,
} from './firewall-rules.ts'

const policy = (wanted: Partial<FirewallPolicy> = {}): FirewallPolicy => ({
  bridgePrefix: 'pfabcd',
  egress: 'internet',
  resolvers: ['10.0.0.53'],
  hostPorts: [],
  ...wanted,
})
const out = (wanted?: Partial<FirewallPolicy>) => ipv4Rules(policy(wanted)).chains['PUSHFN-pfabcd-OUT'] ?? []
const host = (wanted?: Partial<FirewallPolicy>) => ipv4Rules(policy(wanted)).chains['PUSHFN-pfabcd-HOST'] ?? []
const JUMPS = ipv4Rules(policy()).jumps.map(({ chain, rule }) => `-A ${chain} ${rule}`)

test('every private range is refused after answers and the resolver are let through', () => {
  const refused = out().filter((rule) => rule.includes('REJECT'))
  expect(refused.map((rule) => rule.split(' ')[1])).toEqual([...PRIVATE_RANGES])
  const firstRefusal = out().findIndex((rule) => rule.includes('REJECT'))
  expect(out().slice(0, firstRefusal)).toEqual([
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-d 10.0.0.53/32 -p udp --dport 53 -j RETURN',
    '-d 10.0.0.53/32 -p tcp --dport 53 -j RETURN',
  ])
})

test('without egress everything is refused in the end, the resolver too', () => {
  expect(out({ egress: 'none' }).at(-1)).toBe('-j REJECT --reject-with icmp-admin-prohibited')
  expect([...out({ egress: 'none' }), ...host({ egress: 'none' })].join('\n')).not.toContain('--dport 53')
})

test('the host refuses everything but what the operator opens', () => {
  expect(host({ hostPorts: [8080], resolvers: [] })).toEqual([
    '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
    '-p tcp --dport 8080 -j RETURN',
    '-j REJECT --reject-with icmp-admin-prohibited',
  ])
})

test('jumps that stand already are not added again, and the missing ones come on top in their order', () => {
  const all = restoreInput(ipv4Rules(policy()), '')
  expect(all.split('\n').filter((line) => line.startsWith('-I '))).toEqual([
    '-I FORWARD 1 -j DOCKER-USER',
    '-I DOCKER-USER 1 -i pfabcd+ -j PUSHFN-pfabcd-OUT',
    '-I DOCKER-USER 1 -o pfabcd+ -j PUSHFN-pfabcd-IN',
    '-I INPUT 1 -i pfabcd+ -j PUSHFN-pfabcd-HOST',
  ])
  expect(restoreInput(ipv4Rules(policy()), JUMPS.join('\n'))).not.toContain('-I ')
})

test('rules stand when every jump does and our chains look as they did after writing', () => {
  const rules = ipv4Rules(policy())
  const current = [...JUMPS, '-A PUSHFN-pfabcd-IN -j REJECT', '-A PUSHFN-pfzzzz-IN -j REJECT'].join('\n')
  const seen = ownLines(rules, current)
  expect(seen).toBe('-A PUSHFN-pfabcd-IN -j REJECT')
  expect(standsAs(rules, seen, current)).toBe(true)
  expect(standsAs(rules, undefined, current)).toBe(false)
  expect(standsAs(rules, seen, current.replace('pfabcd-IN -j REJECT', 'pfabcd-IN -j ACCEPT'))).toBe(false)
  for (const jump of JUMPS) expect(standsAs(rules, seen, current.replace(jump, ''))).toBe(false)
})

test('removal takes away our chains and jumps, and nothing of Docker’s or another cloud’s', () => {
  const others = ['-N PUSHFN-pfzzzz-IN', '-A DOCKER-USER -o pfzzzz+ -j PUSHFN-pfzzzz-IN', '-A FORWARD -j DOCKER-USER']
  const rules = ipv4Rules(policy())
  const input = removalInput(rules, [...others, '-N PUSHFN-pfabcd-IN', ...JUMPS].join('\n')) ?? ''
  expect(input.split('\n')).toEqual([
    '*filter',
    '-D INPUT -i pfabcd+ -j PUSHFN-pfabcd-HOST',
    '-D DOCKER-USER -o pfabcd+ -j PUSHFN-pfabcd-IN',
    '-D DOCKER-USER -i pfabcd+ -j PUSHFN-pfabcd-OUT',
    '-F PUSHFN-pfabcd-IN',
    '-X PUSHFN-pfabcd-IN',
    'COMMIT',
    '',
  ])
  expect(removalInput(rules, others.join('\n'))).toBeUndefined()
})

test('a build reaches neither the host nor a private address, but for what the operator names', () => {
  const builds = { bridge: 'docker0', mayReach: ['10.1.2.0/24'] }
  const { chains, jumps } = ipv4Rules(policy({ resolvers: ['192.0.2.53'], hostPorts: [8080], builds }))
  const named = (end: string) => Object.entries(chains).find(([name]) => name.endsWith(end))?.[1] ?? []
  expect(named('-BHOST').join('\n')).not.toContain('8080')
  expect(named('-BHOST').at(-1)).toContain('REJECT')
  const out = named('-BOUT')
  expect(out.indexOf('-d 10.1.2.0/24 -j RETURN')).toBeLessThan(
    out.findIndex((rule) => rule.startsWith('-d 10.0.0.0/8')),
  )
  expect(jumps.filter(({ rule }) => rule.startsWith('-i docker0 ')).map(({ chain }) => chain)).toEqual([
    'INPUT',
    'DOCKER-USER',
  ])
})
