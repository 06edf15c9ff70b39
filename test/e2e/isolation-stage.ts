import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot } from '@pushfn/local/repository-root'
import { expect } from 'vitest'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import type { World } from '../support/world.ts'
import { aCopyOf, containersOf } from './bad-input-stage.ts'

/** A tenant with a live function that does as it is told, pushed by git as any other. */
export interface Probe {
  tenant: TestTenant
  container: string
  ip: string
  /** Runs code, which may `await` and `return`, inside the function; `lookAround` is there to be called. */
  inside(code: string): Promise<unknown>
}

/** A handler that runs what it is sent: a tenant may do to its own function what it likes. */
const HANDLER = `
module.exports = async (event, context) => {
  const lookAround = require('./look-around.cjs')
  const run = new Function('require', 'lookAround', 'return (async () => {' + event.body.code + '})()')
  return context.status(200).succeed({ value: (await run(require, lookAround)) ?? null })
}
`

export const aProbe = async (world: World): Promise<Probe> => {
  const tenant = await aTenantOf(world)
  await using copy = await aCopyOf({
    files: {
      'stack.yml':
        'functions:\n  probe:\n    lang: node24\n    handler: ./probe\n    environment:\n      GREETING: hello\n',
      'probe/handler.js': HANDLER,
      'probe/look-around.cjs': await readFile(join(repositoryRoot, 'test/conformance/engine/look-around.cjs'), 'utf8'),
    },
  })
  const { output } = await copy.push(tenant.gitUrl('probe'))
  expect(output).toContain('probe is live')
  const [container = ''] = await containersOf({ world }, tenant.slug)
  const { NetworkSettings } = await world.docker.getContainer(container.slice(1)).inspect()
  const [network] = Object.values(NetworkSettings.Networks)
  return {
    tenant,
    container: container.slice(1),
    ip: network?.IPAddress ?? '',
    inside: async (code) => {
      const response = await localFetch(world.functionUrl(tenant.slug, 'probe'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${response.status} ${text}`)
      return Object(JSON.parse(text)).value
    },
  }
}

export interface Target {
  host: string
  port: number
}

/** Of these, the TCP ports that the function can open; each gets one and a half seconds. */
export const opens = async (probe: Probe, targets: readonly Target[]): Promise<string[]> => {
  const open = await probe.inside(`
    const targets = ${JSON.stringify(targets)}
    const connects = ({ host, port }) => new Promise((resolve) => {
      const socket = require('node:net').connect({ host, port, timeout: 1500 })
      socket.on('connect', () => { socket.destroy(); resolve(true) })
      socket.on('timeout', () => { socket.destroy(); resolve(false) })
      socket.on('error', () => resolve(false))
    })
    const open = []
    for (let at = 0; at < targets.length; at += 300) {
      const some = targets.slice(at, at + 300)
      const results = await Promise.all(some.map(connects))
      open.push(...some.filter((_, n) => results[n]))
    }
    return open.map(({ host, port }) => host + ':' + port)`)
  if (!Array.isArray(open)) throw new Error(`no list: ${JSON.stringify(open)}`)
  return open
}
