import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AFunction, aFunction, aRawFunction, aRoute } from './support/a-function.ts'
import { type GatewayWorld, startWorld, until } from './support/world.ts'
import { aborts } from './table/aborts.ts'
import { answers } from './table/answers.ts'
import { badAnswers } from './table/bad-answers.ts'
import { bodies } from './table/bodies.ts'
import { connections } from './table/connections.ts'
import { methods } from './table/methods.ts'
import { pace } from './table/pace.ts'
import { smuggling } from './table/smuggling.ts'
import { PROBE_ANSWER, type Stage, setStage } from './table/stage.ts'
import { upgrades } from './table/upgrades.ts'

/** The proxy as a table: for each row what the caller sends and the function does, and what each must see of the other. */
const classes = { methods, bodies, answers, badAnswers, upgrades, aborts, pace, connections, smuggling }

let world: GatewayWorld
let eve: AFunction
let probe: Awaited<ReturnType<typeof aRawFunction>>
const rows = Object.entries(classes).flatMap(([kind, some]) => some.map((row) => ({ kind, row })))
let stages: Stage[] = []

beforeAll(async () => {
  stages = await Promise.all(rows.map(({ row }, index) => setStage(row, index)))
  eve = await aFunction()
  probe = await aRawFunction((socket) => socket.on('data', () => socket.write(PROBE_ANSWER)))
  const routes = [
    ...stages.map(({ route }) => route),
    aRoute({ tenant: 'eve', addresses: [eve.address] }),
    aRoute({ tenant: 'probe', addresses: [probe.address] }),
  ]
  world = await startWorld({ GATEWAY_HEADER_TIMEOUT_MS: '500' }, { routes })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await eve[Symbol.asyncDispose]()
  await probe[Symbol.asyncDispose]()
  for (const stage of stages) await stage[Symbol.asyncDispose]()
})

describe.each(Object.keys(classes))('%s', (kind) => {
  const some = rows.flatMap(({ kind: of, row }, index) => (of === kind ? [{ name: row.name, index }] : []))
  test.each(some)('$name', ({ index }) => stages[index]?.play(world.port))
})

describe('when all is over', () => {
  const metrics = async () => (await fetch(`http://127.0.0.1:${world.adminPort}/metrics`)).text()

  test('no function has seen later what it was not to see, and another tenant’s has seen nothing', () => {
    const asked = rows.filter(({ row }, index) => row.atFunction === 'nothing' && stages[index]?.wasAsked())
    expect(asked.map(({ row }) => row.name)).toEqual([])
    expect(eve.seen).toEqual([])
  })

  test('no call is counted as under way, and no process had to be replaced', async () => {
    const inflight = async () => (await metrics()).match(/^gateway_function_invocation_inflight\{.*\} [^0]\d*$/gm) ?? []
    await until(async () => (await inflight()).length === 0, 'all calls have ended').catch(async () =>
      expect(await inflight()).toEqual([]),
    )
    expect(await metrics()).toMatch(/^pushfn_gateway_worker_restarts_total(?:\{.*\})? 0$/m)
  })
})
