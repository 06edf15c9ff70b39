import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { addressOf, type Harness, until } from './harness.ts'
import { answers, inside } from './probe.ts'

/** A replica that is asleep: what it keeps, what it costs, and that it comes back. */
export const sleepConformance = (harness: () => Harness): void => {
  const COUNTING = 'globalThis.n = (globalThis.n ?? 0) + 1; return globalThis.n'

  test('a paused replica keeps memory and address, and goes on where it stood', async () => {
    const { engine, serving } = harness()
    const { replica, address } = await serving()
    expect(await inside(address, COUNTING)).toBe(1)
    expect(await engine.pause(replica.id)).toEqual({ ...replica, state: 'paused', address: undefined })
    expect(await engine.list()).toMatchObject([{ id: replica.id, state: 'paused' }])
    expect(await engine.resume(replica.id)).toEqual(replica)
    expect(await inside(address, COUNTING)).toBe(2)
  })

  test('nothing moves in a paused replica', async () => {
    const { engine, started, said } = harness()
    const code = `let n = 0; setInterval(() => console.log('tick ' + ++n), 20)`
    const replica = await started({ code })
    await said(replica.id, 'tick 5')
    await engine.pause(replica.id)
    const last = () => engine.logTail(replica.id, 1)
    const [before = ''] = await last()
    await sleep(400)
    expect(await last()).toEqual([before])
    await engine.resume(replica.id)
    await until(async () => ((await last())[0] === before ? undefined : true))
  })

  test('the CPU time that a replica has used is told', async () => {
    const { engine, serving } = harness()
    const { replica, address } = await serving()
    const used = async () => (await engine.usage(replica.id))?.cpuMs ?? Number.NaN
    const before = await used()
    const burn = `const from = process.cpuUsage(); for (;;) {
      const { user, system } = process.cpuUsage(from)
      if (user + system > 200_000) return (user + system) / 1000
    }`
    const burnt = Number(await inside(address, burn))
    expect((await used()) - before).toBeGreaterThanOrEqual(burnt * 0.95)
  })

  test('a stopped replica is asked first, is kept, and starts again as the same', async () => {
    const { engine, started, said } = harness()
    const code = `require('node:http').createServer((_, res) => res.end('ok')).listen(8080)
      process.on('SIGTERM', () => { console.log('asked'); process.exit(0) }); console.log('up')`
    const replica = await started({ code })
    await said(replica.id, 'up')
    expect(await engine.stop(replica.id, 5_000)).toMatchObject({ id: replica.id, state: 'stopped', exit: { code: 0 } })
    await said(replica.id, 'asked')
    const again = await started({ code })
    expect(again).toMatchObject({ id: replica.id, state: 'running' })
    expect(await answers(addressOf(again))).toBe('ok')
  })

  test('a paused replica can be stopped, with its grace, and removed', async () => {
    const { engine, started, serving, said } = harness()
    const code = `setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(7)); console.log('up')`
    const replica = await started({ code })
    await said(replica.id, 'up')
    await engine.pause(replica.id)
    expect(await engine.stop(replica.id, 5_000)).toMatchObject({ state: 'stopped', exit: { code: 7 } })
    const { replica: other } = await serving({ function: 'other' })
    await engine.pause(other.id)
    await engine.remove(other.id, 5_000)
    expect(await engine.inspect(other.id)).toBeUndefined()
  })

  test('start leaves a paused replica as it is', async () => {
    const { engine, started } = harness()
    const replica = await started()
    await engine.pause(replica.id)
    expect(await started()).toMatchObject({ id: replica.id, state: 'paused' })
  })

  describe('repeated, raced, or asked of what cannot', () => {
    test('each is a success that changes nothing', async () => {
      const { engine, started } = harness()
      const replica = await started()
      expect(await engine.resume(replica.id)).toEqual(replica)
      await Promise.all([engine.pause(replica.id), engine.pause(replica.id), engine.pause(replica.id)])
      expect(await engine.pause(replica.id)).toMatchObject({ state: 'paused' })
      await Promise.all([engine.resume(replica.id), engine.resume(replica.id), engine.resume(replica.id)])
      expect(await engine.inspect(replica.id)).toEqual(replica)
      await Promise.all([engine.stop(replica.id, 0), engine.stop(replica.id, 0)])
      expect(await engine.stop(replica.id, 0)).toMatchObject({ state: 'stopped' })
      expect(await engine.pause(replica.id)).toMatchObject({ state: 'stopped' })
      expect(await engine.resume(replica.id)).toMatchObject({ state: 'stopped' })
      expect(await engine.usage(replica.id)).toBeUndefined()
    })

    test('what is gone, or no cloud’s, is neither changed nor told of', async () => {
      const { engine, neighbour, neighbourServing, startForeign, isForeignRunning } = harness()
      const foreign = await startForeign()
      const { replica } = await neighbourServing()
      for (const id of [foreign.id, replica.id, '0'.repeat(64), '../../info', '']) {
        expect(await engine.pause(id)).toBeUndefined()
        expect(await engine.resume(id)).toBeUndefined()
        expect(await engine.stop(id, 0)).toBeUndefined()
        expect(await engine.usage(id)).toBeUndefined()
      }
      expect(await isForeignRunning(foreign.id)).toBe(true)
      await until(async () => ((await neighbour.inspect(replica.id))?.state === 'running' ? true : undefined))
    })
  })
}
