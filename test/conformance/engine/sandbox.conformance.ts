import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Harness } from './harness.ts'
import { answers, inside } from './probe.ts'

const LOOK_AROUND = `const module = {}\n${readFileSync(new URL('look-around.cjs', import.meta.url), 'utf8')}\nreturn module.exports(require)`

/** What a function can see and do from inside: nearly nothing (THREATS row 22), and a neighbour does not feel it (row 23). */
export const sandboxConformance = (harness: () => Harness): void => {
  let looked: Promise<Record<string, unknown>> | undefined
  const seen = async (key: string) => {
    looked ??= harness()
      .serving({ tenant: 'looker', spec: { memoryMiB: 96, processes: 33 } })
      .then(({ address }) => inside(address, LOOK_AROUND))
      .then((value) => Object(value))
    return (await looked)[key]
  }

  test.each([
    ['has no effective capability', 'capEff', '0000000000000000'],
    ['has no permitted capability', 'capPrm', '0000000000000000'],
    ['can gain no capability', 'capBnd', '0000000000000000'],
    ['inherits no capability', 'capInh', '0000000000000000'],
    ['has no ambient capability', 'capAmb', '0000000000000000'],
    ['gains no privilege by exec', 'noNewPrivs', '1'],
    ['has its system calls filtered', 'seccomp', '2'],
    ['runs as the user that the image names', 'uid', 10001],
    ['has a read-only root', 'isRootReadOnly', true],
    ['cannot write where the image’s user could', 'writeRoot', 'EROFS'],
    ['has a read-only /sys', 'isSysReadOnly', true],
    ['has a read-only /proc/sys', 'isProcSysReadOnly', true],
    ['has read-only control groups', 'isCgroupReadOnly', true],
    ['reads nothing of the kernel’s memory', 'kcoreBytes', 0],
    ['reads nothing of the kernel’s keys', 'keysBytes', 0],
    ['reads nothing of the kernel’s timers', 'timerListBytes', 0],
    ['reads nothing of the firmware', 'firmwareEntries', []],
    ['finds no socket of an engine', 'engineSockets', []],
    ['finds no disk and no memory device', 'devices', []],
    ['writes to /tmp', 'secondTmpFile', 'ok'],
    ['runs what it wrote to /tmp', 'runFromTmp', 'ok'],
    ['has half of its memory as /tmp', 'tmpBytes', 48 * 1024 * 1024],
    ['has no set-uid in /tmp', 'isTmpNosuid', true],
    ['has no devices in /tmp', 'isTmpNodev', true],
    ['has its memory limited', 'memoryBytes', 96 * 1024 * 1024],
    ['has no swap', 'swapBytes', 0],
    ['has its processes limited', 'pidsMax', 33],
    ['has its processor limited', 'cpuQuota', 0.5],
    ['has its open files limited', 'maxFiles', 4096],
    ['dies before the cloud does when memory runs out', 'oomScoreAdj', 500],
    ['opens no packet socket', 'rawSocket', 'PermissionError'],
    ['opens no raw IP socket', 'icmpSocket', 'PermissionError'],
    ['mounts nothing', 'mount', 'PermissionError'],
    ['makes no user namespace', 'unshare', 'PermissionError'],
    ['becomes no other user', 'becomeRoot', 'PermissionError'],
  ])('a function %s', async (_, key, wanted) => {
    expect(await seen(key)).toEqual(wanted)
  })

  test('a function sees no process but those of its own replica', async () => {
    expect(await seen('processCount')).toBeLessThan(6)
  })

  test('a function has a writable root where its spec says so', async () => {
    const { address } = await harness().serving({ spec: { isRootReadOnly: false } })
    expect(await inside(address, "require('node:fs').writeFileSync('/home/app/x', 'y'); return 'ok'")).toBe('ok')
  })

  test('a fork bomb meets its limit, and another tenant goes on', async () => {
    const { serving } = harness()
    const { address: bomber } = await serving({ tenant: 'bomber', spec: { processes: 30 } })
    const { address: bystander } = await serving({ tenant: 'bystander' })
    const bomb = `
      const { spawn } = require('node:child_process')
      const started = Array.from({ length: 60 }, () => new Promise((resolve) => {
        const child = spawn('sleep', ['5'], { stdio: 'ignore' })
        child.on('error', (error) => resolve(error.code)).on('spawn', () => resolve('ok'))
      }))
      return Promise.all(started)`
    expect(await inside(bomber, bomb)).toContain('EAGAIN')
    expect(await answers(bystander)).toBe('ok')
  })

  test('a full /tmp is the function’s own trouble and no end of it', async () => {
    const { address } = await harness().serving({ spec: { memoryMiB: 128 } })
    const fill = `
      const file = require('node:fs').openSync('/tmp/full', 'w')
      try { for (;;) require('node:fs').writeSync(file, Buffer.alloc(1 << 20)) } catch (error) { return error.code }`
    expect(await inside(address, fill)).toBe('ENOSPC')
    expect(await answers(address)).toBe('ok')
  })
}
