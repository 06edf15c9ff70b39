import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { addressOf, type Harness, until, watching } from './harness.ts'
import { answers, inside } from './probe.ts'
import { someSecrets } from './workload.ts'

/** The life of a replica: start, look, log, event, end. */
export const replicasConformance = (harness: () => Harness): void => {
  describe('start', () => {
    test('a replica answers at its address, and is listed and inspected as what it is', async () => {
      const { engine, serving } = harness()
      const { replica, address } = await serving({ function: 'hello', revision: 'r9', generation: '42' }, 3)
      const named = { tenant: 'alice', function: 'hello', alias: 'live', revision: 'r9', ordinal: 3, generation: '42' }
      const wanted = { id: replica.id, ...named, state: 'running', address }
      expect(replica).toEqual(wanted)
      expect(await engine.list()).toEqual([wanted])
      expect(await engine.inspect(replica.id)).toEqual(wanted)
    })

    test('to start what runs is a success and changes nothing', async () => {
      const { engine, started } = harness()
      const first = await started()
      expect(await Promise.all([started(), started(), started()])).toEqual([first, first, first])
      expect(await engine.list()).toEqual([first])
    })

    test('two aliases of one revision have a replica each, and one goes without the other', async () => {
      const { engine, serving } = harness()
      const live = await serving()
      const preview = await serving({ alias: 'pr-7-shop' })
      const commit = await serving({ alias: '12345678' })
      expect(new Set([live, preview, commit].map(({ replica }) => replica.id)).size).toBe(3)
      await engine.remove(preview.replica.id, 0)
      const left = (await engine.list()).map(({ alias, ordinal }) => [alias, ordinal])
      expect(left.toSorted()).toEqual([
        ['12345678', 0],
        ['live', 0],
      ])
      expect(await answers(live.address)).toBe('ok')
    })

    test('starts of one replica that race, in a namespace that is not there yet, end with one replica', async () => {
      const { engine, started } = harness()
      await engine.removeNamespace('racers')
      const secrets = someSecrets('a1', 'hunter2')
      const replicas = await Promise.all(Array.from({ length: 4 }, () => started({ tenant: 'racers', secrets })))
      expect(new Set(replicas.map(({ id }) => id)).size).toBe(1)
      expect(await engine.list()).toHaveLength(1)
    })

    test('a stopped replica is started again and answers at the address it then has', async () => {
      const { crash, serving, started, stopped } = harness()
      const { replica } = await serving()
      await crash(replica.id)
      await stopped(replica.id)
      const again = await started()
      expect(again).toMatchObject({ id: replica.id, state: 'running' })
      expect(await answers(addressOf(again))).toBe('ok')
    })

    test('secrets are files that its own user reads and nobody writes, in memory, and nowhere else', async () => {
      const { serving } = harness()
      const { replica, address } = await serving({ secrets: someSecrets('a1', 'hunter2') })
      expect(replica.secrets).toBe('a1')
      const seen = await inside(
        address,
        `const fs = require('node:fs')
        const folder = '/var/openfaas/secrets'
        const [, , type, options] = fs.readFileSync('/proc/mounts', 'utf8').split('\\n').map((line) => line.split(' ')).find((words) => words[1] === folder)
        const refused = (work) => { try { work(); return 'done' } catch (error) { return error.code } }
        return {
          names: fs.readdirSync(folder),
          value: fs.readFileSync(folder + '/password', 'utf8'),
          environment: JSON.stringify(process.env).includes('hunter2'),
          type,
          isReadOnly: options.split(',').includes('ro'),
          write: refused(() => fs.writeFileSync(folder + '/other', 'x')),
          change: refused(() => fs.appendFileSync(folder + '/password', 'x')),
        }`,
      )
      expect(seen).toEqual({
        names: ['password'],
        value: 'hunter2',
        environment: false,
        type: 'tmpfs',
        isReadOnly: true,
        write: 'EROFS',
        change: expect.stringMatching(/EROFS|EACCES/),
      })
    })

    test('one with other secrets stands beside it, and what is stopped is made anew with them', async () => {
      const { engine, crash, serving, started, stopped } = harness()
      const read = "return require('node:fs').readFileSync('/var/openfaas/secrets/password', 'utf8')"
      const before = await serving({ secrets: someSecrets('a1', 'old') })
      const after = await serving({ secrets: someSecrets('a2', 'new') }, 1)
      expect([await inside(before.address, read), await inside(after.address, read)]).toEqual(['old', 'new'])
      // What runs is what it was started with.
      expect(await started({ secrets: someSecrets('a2', 'new') })).toMatchObject({
        id: before.replica.id,
        secrets: 'a1',
      })
      await crash(before.replica.id)
      await stopped(before.replica.id)
      const anew = await serving({ secrets: someSecrets('a2', 'new') })
      expect(anew.replica.id).not.toBe(before.replica.id)
      expect(await inside(anew.address, read)).toBe('new')
      expect((await engine.list()).map(({ secrets }) => secrets)).toEqual(['a2', 'a2'])
    })

    test('a stopped replica finds its secrets again, and nobody is asked for them as long as they are there', async () => {
      const { engine, serving } = harness()
      const { replica } = await serving({ secrets: someSecrets('a1', 'hunter2') })
      await engine.stop(replica.id, 0)
      const read = () => Promise.reject(new Error('nobody has them any more'))
      const { address } = await serving({ secrets: { key: 'a1', read } })
      const value = "return require('node:fs').readFileSync('/var/openfaas/secrets/password', 'utf8')"
      expect(await inside(address, value)).toBe('hunter2')
      // Of others it is told why there are none, and nothing is left.
      await expect(serving({ revision: 'r2', secrets: { key: 'a1', read } })).rejects.toThrow(
        'nobody has them any more',
      )
      expect(await engine.list()).toHaveLength(1)
    })

    test('a crash is told with its exit code, and nobody but the caller heals it', async () => {
      const { engine, started, stopped } = harness()
      const replica = await started({ code: 'setTimeout(() => process.exit(3), 50)' })
      const { exit, address } = await stopped(replica.id)
      expect({ exit, address }).toEqual({ exit: { code: 3, isOutOfMemory: false }, address: undefined })
      await sleep(300)
      expect(await engine.list()).toMatchObject([{ id: replica.id, state: 'stopped' }])
    })

    test('a replica that takes more than its memory ends, and it is told why', async () => {
      const { started, stopped } = harness()
      const code = 'const all = []; for (;;) all.push(Buffer.alloc(8 << 20, 1))'
      const replica = await started({ code, spec: { memoryMiB: 64 } })
      expect((await stopped(replica.id)).exit).toEqual({ code: 137, isOutOfMemory: true })
    })

    test('an image that names no command is the tenant’s to mend, and leaves nothing behind', async () => {
      const { engine, brokenImage, started } = harness()
      const hint = expect.stringContaining('hello')
      await expect(started({ image: brokenImage })).rejects.toMatchObject({ code: 'NOT_READY', hint })
      expect(await engine.list()).toEqual([])
    })

    test('an image that is not there is the engine’s failure, and leaves nothing behind', async () => {
      const { engine, started } = harness()
      const image = `sha256:${'0'.repeat(64)}`
      await expect(started({ image })).rejects.toMatchObject({ code: 'ENGINE_FAILED', hint: undefined })
      expect(await engine.list()).toEqual([])
    })

    test('the environment reaches the function as it stands in its spec', async () => {
      const odd = 'a=b "c" $(d)\n`e` é'
      const { address } = await harness().serving({ spec: { environment: { ODD: odd } } })
      expect(await inside(address, 'return process.env.ODD')).toBe(odd)
    })

    test('a call whose signal is aborted already throws the reason and starts nothing', async () => {
      const { engine, started } = harness()
      const replica = await started()
      const reason = new Error('the lease is lost')
      await expect(engine.list(AbortSignal.abort(reason))).rejects.toBe(reason)
      await expect(engine.ensureNamespace('aborted', AbortSignal.abort(reason))).rejects.toBe(reason)
      await expect(engine.remove(replica.id, 0, AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await engine.list()).toEqual([replica])
    })
  })

  describe('removal', () => {
    test('a replica is asked to end by SIGTERM first, and has its grace', async () => {
      const { engine, started, said } = harness()
      const code = `setInterval(() => {}, 1000); console.log('up')
        process.on('SIGTERM', () => setTimeout(() => process.exit(0), 400))`
      const replica = await started({ code })
      await said(replica.id, 'up')
      const asked = performance.now()
      await engine.remove(replica.id, 10_000)
      expect(performance.now() - asked).toBeGreaterThanOrEqual(390)
      expect(performance.now() - asked).toBeLessThan(10_000)
      expect(await engine.inspect(replica.id)).toBeUndefined()
    })

    test('a replica that does not mind SIGTERM is ended after its grace', async () => {
      const { engine, started, said } = harness()
      const code = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"
      const replica = await started({ code })
      await said(replica.id, 'up')
      await engine.remove(replica.id, 1000)
      expect(await engine.list()).toEqual([])
    })

    test('to remove what is gone, or was never there, is a success', async () => {
      const { engine, started } = harness()
      const replica = await started()
      for (const id of [replica.id, replica.id, '0'.repeat(64), '../../info', '']) await engine.remove(id, 0)
      expect(await engine.inspect(replica.id)).toBeUndefined()
    })

    test('removals of one replica that race all succeed, and it is gone when each returns', async () => {
      const { engine, started } = harness()
      const replica = await started()
      const gone = async () => {
        await engine.remove(replica.id, 0)
        return engine.inspect(replica.id)
      }
      expect(await Promise.all([gone(), gone(), gone()])).toEqual([undefined, undefined, undefined])
    })

    test('a namespace goes with every replica in it, no other’s does, and it can come back', async () => {
      const { engine, started, serving } = harness()
      await Promise.all([started({ tenant: 'leaver' }), started({ tenant: 'leaver', function: 'second' })])
      const stays = await started({ tenant: 'stayer' })
      await engine.removeNamespace('leaver')
      await engine.removeNamespace('leaver')
      expect((await engine.list()).map(({ id }) => id)).toEqual([stays.id])
      const { address } = await serving({ tenant: 'leaver' })
      expect(await answers(address)).toBe('ok')
    })
  })

  describe('log', () => {
    test('the last lines of both streams come in order, with every byte they were written with', async () => {
      const { engine, started, stopped } = harness()
      const code = `const say = (n) => n > 6 || (console[n % 2 ? 'log' : 'error']('line ' + n + '\\u001b[31m \\u0007é'),
        setTimeout(say, 40, n + 1)); say(1)`
      const replica = await started({ code })
      await stopped(replica.id)
      expect(await engine.logTail(replica.id, 4)).toEqual([3, 4, 5, 6].map((n) => `line ${n}\u001b[31m \u0007é`))
    })

    test('a line without end is cut at 4 KiB', async () => {
      const { engine, started, stopped } = harness()
      const replica = await started({ code: "process.stdout.write('x'.repeat(100_000) + '\\nlast\\n')" })
      await stopped(replica.id)
      expect(await engine.logTail(replica.id, 50)).toEqual(['x'.repeat(4096), 'last'])
    })

    test('a replica that said nothing, and one that is gone, have no lines', async () => {
      const { engine, started } = harness()
      const replica = await started()
      expect(await engine.logTail(replica.id, 10)).toEqual([])
      await engine.remove(replica.id, 0)
      expect(await engine.logTail(replica.id, 10)).toEqual([])
    })
  })

  describe('an image', () => {
    test('stays as long as a replica is made of it, running or not, and goes then; a replica’s own goes on', async () => {
      const { crash, engine, imageOfCloud, started, stopped } = harness()
      const image = await imageOfCloud('ours')
      const replica = await started({ image })
      expect(await engine.removeImage(image)).toBe(false)
      await crash(replica.id)
      await stopped(replica.id)
      expect(await engine.removeImage(image)).toBe(false)
      expect((await started({ image })).id).toBe(replica.id)
      await engine.remove(replica.id, 0)
      expect(await engine.removeImage(image)).toBe(true)
      await expect(started({ image })).rejects.toMatchObject({ code: 'ENGINE_FAILED' })
      expect(await engine.removeImage(image)).toBe(true)
    })

    test('that another cloud built, or none, is not there to be removed', async () => {
      const { engine, image: nobodys, imageOfCloud, started } = harness()
      const theirs = await imageOfCloud('the neighbour’s')
      for (const image of [theirs, nobodys]) {
        expect(await engine.removeImage(image)).toBe(true)
        await expect(started({ image })).resolves.toMatchObject({ state: 'running' })
        await engine.removeNamespace('alice')
      }
    })
  })

  describe('events', () => {
    test('a start, a kill from outside and a removal are seen, and the neighbour’s are not', async () => {
      const { engine, neighbour, crash, started, neighbourServing, stopped } = harness()
      const events = watching(engine)
      const { replica: other } = await neighbourServing()
      const replica = await started({ function: 'watched' })
      await crash(replica.id)
      await stopped(replica.id)
      await engine.remove(replica.id, 0)
      await neighbour.remove(other.id, 0)
      const seen = () => events.seen.filter(({ function: name }) => name === 'watched')
      await until(async () => seen().at(2))
      const of = { replicaId: replica.id, tenant: 'alice', function: 'watched', alias: 'live', revision: 'r1' }
      expect(seen()).toEqual(['started', 'died', 'removed'].map((kind) => ({ kind, ...of })))
      expect(events.seen.map(({ replicaId }) => replicaId)).not.toContain(other.id)
      await events.stop()
    })

    test('watching ends with its signal, and throws nothing', async () => {
      const { engine, started } = harness()
      const events = watching(engine)
      await started({ function: 'watched-too' })
      await until(async () => events.seen.at(0))
      await expect(events.stop()).resolves.toBeUndefined()
    })
  })

  describe('names', () => {
    test('(a-b, c) and (a, b-c) live together', async () => {
      const { serving } = harness()
      const one = await serving({ tenant: 'a-b', function: 'c', spec: { environment: { WHO: 'a-b/c' } } })
      const two = await serving({ tenant: 'a', function: 'b-c', spec: { environment: { WHO: 'a/b-c' } } })
      expect(one.replica.id).not.toBe(two.replica.id)
      expect(await inside(one.address, 'return process.env.WHO')).toBe('a-b/c')
      expect(await inside(two.address, 'return process.env.WHO')).toBe('a/b-c')
    })

    test('the longest names that the model allows are no trouble', async () => {
      const names = { tenant: 't'.repeat(53), function: 'f'.repeat(63) }
      expect((await harness().serving(names)).replica).toMatchObject(names)
    })

    test('two clouds on one engine do not see, stop or take over each other’s', async () => {
      const { engine, neighbour, serving, neighbourServing } = harness()
      const { replica: ours } = await serving()
      const { replica: theirs, address } = await neighbourServing()
      expect(theirs.id).not.toBe(ours.id)
      expect(await engine.list()).toEqual([ours])
      expect(await engine.inspect(theirs.id)).toBeUndefined()
      expect(await engine.logTail(theirs.id, 5)).toEqual([])
      await engine.remove(theirs.id, 0)
      await engine.removeNamespace('alice')
      expect(await neighbour.list()).toEqual([theirs])
      expect(await answers(address)).toBe('ok')
    })

    test('what no cloud made is neither listed nor touched', async () => {
      const { engine, startForeign, isForeignRunning } = harness()
      const { id } = await startForeign()
      expect(await engine.list()).toEqual([])
      expect(await engine.inspect(id)).toBeUndefined()
      await engine.remove(id, 0)
      expect(await isForeignRunning(id)).toBe(true)
    })
  })
}
