import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LoadReport, loadChannel, type SplitLoad } from '@pushfn/model/load'
import { SplitLoads } from '@pushfn/store/split-loads'
import { Agent, request } from 'undici'
import { aFunction, aRoute } from '../../conformance/gateway/support/a-function.ts'
import { HOST } from '../../conformance/gateway/support/raw-client.ts'
import { startWorld } from '../../conformance/gateway/support/world.ts'

/**
 * Records what a gateway of two processes tells of split calls, second by second, for the tests of `compareCanary`:
 *
 *     node --conditions=source test/support/canary/record-loads.ts
 *
 * The functions are real servers on this machine, and their answers take what a timer and a busy machine make of it.
 */
interface Behaviour {
  /** Milliseconds, and up to so many more. */
  ms: number
  spreadMs: number
  /** One answer in so many is a 500; 0: none. */
  failsOneIn: number
}
const QUICK: Behaviour = { ms: 4, spreadMs: 6, failsOneIn: 0 }
const ROUGH: Behaviour = { ms: 2, spreadMs: 180, failsOneIn: 40 }

/** `callsPerSecond` together, a tenth of them the canary's. */
const LOADS: Record<string, { live: Behaviour; canary: Behaviour; callsPerSecond: number; seconds: number }> = {
  good: { live: QUICK, canary: QUICK, callsPerSecond: 200, seconds: 12 },
  noisy: { live: ROUGH, canary: ROUGH, callsPerSecond: 300, seconds: 12 },
  failing: { live: QUICK, canary: { ...QUICK, failsOneIn: 4 }, callsPerSecond: 200, seconds: 8 },
  slow: { live: QUICK, canary: { ...QUICK, ms: 120 }, callsPerSecond: 200, seconds: 8 },
  tiny: { live: QUICK, canary: { ...QUICK, failsOneIn: 4 }, callsPerSecond: 20, seconds: 8 },
}

const serve = ({ ms, spreadMs, failsOneIn }: Behaviour) => {
  let calls = 0
  return aFunction((_, res) => {
    calls += 1
    const status = failsOneIn > 0 && calls % failsOneIn === 0 ? 500 : 200
    setTimeout(() => res.writeHead(status).end('.'), ms + Math.random() * spreadMs)
  })
}

const record = async (name: string): Promise<SplitLoad[]> => {
  const load = LOADS[name]
  if (!load) throw new Error(`no such load: ${name}`)
  await using live = await serve(load.live)
  await using canary = await serve(load.canary)
  const split = { id: name, host: 'canary--ada', weight: 10 }
  const routes = [
    { ...aRoute({ addresses: [live.address] }), split },
    aRoute({ host: 'canary--ada', addresses: [canary.address] }),
  ]
  await using world = await startWorld({ GATEWAY_PROCESSES: '2' }, { routes })
  const splits = new SplitLoads()
  const listener = world.redis.duplicate()
  listener.on('message', (_channel, text) => splits.hear(LoadReport.parse(JSON.parse(text))))
  await listener.subscribe(loadChannel(world.keys.table.replace(':routes', '')))
  const agent = new Agent({ connections: 64 })
  const call = async () => {
    const answer = await request(`http://127.0.0.1:${world.port}/hello`, { headers: { host: HOST }, dispatcher: agent })
    await answer.body.dump()
  }
  const calling = setInterval(() => void call(), 1_000 / load.callsPerSecond)
  const seconds: SplitLoad[] = []
  for (let second = 0; second < load.seconds; second++) {
    await sleep(1_000)
    const heard = splits.of(name)
    if (heard) seconds.push(heard)
  }
  clearInterval(calling)
  listener.disconnect()
  await sleep(500)
  await agent.close()
  return seconds
}

for (const name of Object.keys(LOADS)) {
  const seconds = await record(name)
  const path = fileURLToPath(new URL(`recorded/${name}.json`, import.meta.url))
  await writeFile(path, `{"seconds": [\n${seconds.map((second) => JSON.stringify(second)).join(',\n')}\n]}\n`)
  const last = seconds.at(-1)
  process.stdout.write(`${name}: ${last?.live.calls} calls of live, ${last?.canary.calls} of the canary\n`)
}
