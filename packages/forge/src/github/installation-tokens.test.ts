import { describe, expect, it } from 'vitest'
import { createInstallationTokens, type TokenScope } from './installation-tokens.ts'

const scope: TokenScope = { installationId: '1', repositoryId: '10', permission: 'contents' }
const HOUR = 3_600_000

const aMint = () => {
  const clock = { now: 0 }
  const minted: TokenScope[] = []
  const tokens = createInstallationTokens(
    async (wanted) => {
      minted.push(wanted)
      return { token: `token ${minted.length}`, expiresAt: clock.now + HOUR }
    },
    () => clock.now,
  )
  return { clock, minted, tokens }
}

describe('installation tokens', () => {
  it('are minted once for 55 minutes of their hour', async () => {
    const { clock, minted, tokens } = aMint()
    for (clock.now = 0; clock.now < 55 * 60_000; clock.now += 60_000) expect(await tokens.get(scope)).toBe('token 1')
    expect(minted).toHaveLength(1)
    expect(await tokens.get(scope)).toBe('token 2')
  })

  it('are minted once for all who ask at the same moment', async () => {
    const { minted, tokens } = aMint()
    const got = await Promise.all(Array.from({ length: 50 }, () => tokens.get(scope)))
    expect(new Set(got)).toEqual(new Set(['token 1']))
    expect(minted).toHaveLength(1)
  })

  it('are never shared between installations, repositories or permissions', async () => {
    const { minted, tokens } = aMint()
    const scopes: TokenScope[] = [
      scope,
      { ...scope, installationId: '2' },
      { ...scope, repositoryId: '11' },
      { ...scope, permission: 'statuses' },
    ]
    expect(new Set(await Promise.all(scopes.map(tokens.get))).size).toBe(4)
    expect(minted).toEqual(scopes)
  })

  it('are asked for anew after a mint that failed', async () => {
    let calls = 0
    const tokens = createInstallationTokens(async () => {
      calls += 1
      if (calls === 1) throw new Error('down')
      return { token: 'late', expiresAt: Date.now() + HOUR }
    })
    await expect(tokens.get(scope)).rejects.toThrow('down')
    expect(await tokens.get(scope)).toBe('late')
  })

  it('are forgotten when refused, but not the newer one that took its place', async () => {
    const { minted, tokens } = aMint()
    const first = await tokens.get(scope)
    await tokens.forget(scope, first)
    const second = await tokens.get(scope)
    await tokens.forget(scope, first)
    expect(await tokens.get(scope)).toBe(second)
    expect(minted).toHaveLength(2)
  })
})
