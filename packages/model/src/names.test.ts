import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FunctionName, nameProblem, RESERVED_NAMES, RepositoryName, slugFrom, TenantSlug } from './names.ts'
import { routeKey } from './route.ts'
import { functionUrl } from './urls.ts'

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
console.info(`fast-check seed: ${seed} (again with FC_SEED=${seed})`)

describe('FunctionName', () => {
  it.each(['a', '0', 'hello', 'a-b-c', 'x'.repeat(63)])('takes %s', (name) => {
    expect(FunctionName.safeParse(name).success).toBe(true)
  })

  it.each([
    ...['', '-a', 'a-', 'a--b', 'A', 'a_b', 'a.b', 'a/b', '..', 'a b', 'a\n', 'a\0', 'ä', 'ａ', 'x'.repeat(64)],
    ...['__proto__', '--help', '$(id)', ...RESERVED_NAMES],
  ])('refuses %j', (name) => {
    expect(FunctionName.safeParse(name).success).toBe(false)
  })

  it('says what is wrong, once', () => {
    expect(nameProblem('the function name', '-a')).toMatch(/^the function name "-a" is no DNS label/)
    expect(nameProblem('the function name', '\u001b[31m')).toMatch(/^the function name "\\u001b\[31m" is no DNS label/)
    expect(FunctionName.safeParse('A--B').error?.issues).toHaveLength(1)
  })
})

describe('TenantSlug', () => {
  it('leaves room for a commit before it in a host label', () => {
    expect(TenantSlug.safeParse('x'.repeat(53)).success).toBe(true)
    expect(TenantSlug.safeParse('x'.repeat(54)).success).toBe(false)
    expect(`01234567--${'x'.repeat(53)}`.length).toBeLessThanOrEqual(63)
  })
})

describe('slugFrom', () => {
  it.each([
    ['Octo-Cat', 'octo-cat'],
    ['a__b..c', 'a-b-c'],
    ['--x--', 'x'],
    ['x'.repeat(80), 'x'.repeat(53)],
    ['🦊', undefined],
    ['', undefined],
    ['API', undefined],
  ])('makes %j into %j', (login, slug) => {
    expect(slugFrom(login)).toBe(slug)
  })

  it('makes a slug or nothing of any login', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (login) => {
        const slug = slugFrom(login)
        expect(slug === undefined || TenantSlug.safeParse(slug).success).toBe(true)
      }),
      { seed },
    )
  })
})

describe('RepositoryName', () => {
  it.each(['a', 'hello.world', 'A_b-1', '_x'])('takes %s', (name) => {
    expect(RepositoryName.safeParse(name).success).toBe(true)
  })

  it.each(['', '.', '..', '.git', '-x', 'a..b', 'a.git', 'a.lock', 'a/b', 'a b', 'a\0', 'x'.repeat(101)])(
    'refuses %j',
    (name) => {
      expect(RepositoryName.safeParse(name).success).toBe(false)
    },
  )
})

describe('two functions of two tenants', () => {
  const label = fc.stringMatching(/^[a-z0-9-]{1,12}$/).filter((name) => FunctionName.safeParse(name).success)
  const pair = fc.record({ tenant: label, function: label })
  const urls = { functionsUrl: 'https://fn.example.com', consoleUrl: 'https://console.example.com' }
  const namings: Record<string, (of: { tenant: string; function: string }) => string> = {
    'the route table': (of) => routeKey({ host: of.tenant, function: of.function }),
    'an engine': (of) => `pf.${of.tenant}.${of.function}.rev`,
    'a URL': (of) => functionUrl(urls, of.tenant, of.function),
    'a URL of a revision': (of) => functionUrl(urls, `01234567--${of.tenant}`, of.function),
  }

  it.each(Object.entries(namings))('never meet in %s', (_, name) => {
    expect(name({ tenant: 'a-b', function: 'c' })).not.toBe(name({ tenant: 'a', function: 'b-c' }))
    const similar = fc
      .tuple(pair, fc.nat(24))
      .map(([one, cut]) => [one, cutElsewhere(one, cut)] as const)
      .filter(
        ([, other]) => FunctionName.safeParse(other.tenant).success && FunctionName.safeParse(other.function).success,
      )
    fc.assert(
      fc.property(fc.oneof(fc.tuple(pair, pair), similar), ([one, other]) => {
        const isSame = one.tenant === other.tenant && one.function === other.function
        expect(name(one) === name(other)).toBe(isSame)
      }),
      { seed, numRuns: 2000 },
    )
  })

  /** The same letters, divided between tenant and function at another “-”. */
  const cutElsewhere = (of: { tenant: string; function: string }, at: number) => {
    const parts = `${of.tenant}-${of.function}`.split('-')
    const cut = 1 + (at % Math.max(1, parts.length - 1))
    return { tenant: parts.slice(0, cut).join('-'), function: parts.slice(cut).join('-') }
  }
})
