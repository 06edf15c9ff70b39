/**
 * Runs inside a replica, as the probe server's guest: what can a function see and do? Plain JavaScript, since its text is
 * what is sent.
 */
module.exports = async (require) => {
  const fs = require('node:fs')
  const { execFileSync } = require('node:child_process')
  const read = (path) => {
    try {
      return fs.readFileSync(path, 'utf8').trim()
    } catch {
      return undefined
    }
  }
  const list = (path) => {
    try {
      return fs.readdirSync(path)
    } catch {
      return []
    }
  }
  const attempt = (act) => {
    try {
      act()
      return 'ok'
    } catch (error) {
      return error.code ?? 'failed'
    }
  }
  /** The name of Python's exception, or `ok`. */
  const python = (code) => {
    try {
      execFileSync('python3', ['-c', code], { stdio: 'pipe', env: { HOME: '/tmp', PATH: process.env.PATH } })
      return 'ok'
    } catch (error) {
      return /(\w+Error)/.exec(String(error.stderr))?.[1] ?? error.code
    }
  }
  const controlled = (v2, v1) => read(`/sys/fs/cgroup/${v2}`) ?? read(`/sys/fs/cgroup/${v1}`)

  const status = Object.fromEntries(
    fs
      .readFileSync('/proc/self/status', 'utf8')
      .split('\n')
      .map((line) => line.split(':\t')),
  )
  const mounts = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  const optionsOf = (path) => mounts.findLast((mount) => mount[1] === path)?.[3]?.split(',') ?? []
  const tmp = fs.statfsSync('/tmp')
  const memory = Number(controlled('memory.max', 'memory/memory.limit_in_bytes'))
  const withSwap = read('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes')
  const [quota, period] = (controlled('cpu.max', 'cpu/cpu.cfs_quota_us') ?? '').split(' ')
  fs.writeFileSync('/tmp/program', `#!${process.execPath}\n`, { mode: 0o755 })
  const mountCall = "import ctypes,os; l=ctypes.CDLL(None,use_errno=True); r=l.mount(b'x',b'/tmp',b'tmpfs',0,None)"

  return {
    capEff: status.CapEff,
    capPrm: status.CapPrm,
    capBnd: status.CapBnd,
    capInh: status.CapInh,
    capAmb: status.CapAmb,
    noNewPrivs: status.NoNewPrivs,
    seccomp: status.Seccomp,
    uid: process.getuid(),
    isRootReadOnly: optionsOf('/').includes('ro'),
    writeRoot: attempt(() => fs.writeFileSync('/home/app/x', '')),
    isSysReadOnly: optionsOf('/sys').includes('ro'),
    isProcSysReadOnly: optionsOf('/proc/sys').includes('ro'),
    isCgroupReadOnly: mounts
      .filter((mount) => mount[2]?.startsWith('cgroup'))
      .every((mount) => mount[3].startsWith('ro')),
    kcoreBytes: (read('/proc/kcore') ?? '').length,
    keysBytes: (read('/proc/keys') ?? '').length,
    timerListBytes: (read('/proc/timer_list') ?? '').length,
    firmwareEntries: list('/sys/firmware'),
    engineSockets: ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'].filter(
      fs.existsSync,
    ),
    devices: list('/dev').filter(
      (name) => fs.statSync(`/dev/${name}`).isBlockDevice() || /^(mem|kmem|kmsg|kvm)$/.test(name),
    ),
    secondTmpFile: attempt(() => fs.writeFileSync('/tmp/x', '')),
    runFromTmp: attempt(() => execFileSync('/tmp/program', { stdio: 'ignore' })),
    tmpBytes: tmp.blocks * tmp.bsize,
    isTmpNosuid: optionsOf('/tmp').includes('nosuid'),
    isTmpNodev: optionsOf('/tmp').includes('nodev'),
    memoryBytes: memory,
    swapBytes: withSwap === undefined ? Number(read('/sys/fs/cgroup/memory.swap.max')) : Number(withSwap) - memory,
    pidsMax: Number(controlled('pids.max', 'pids/pids.max')),
    cpuQuota: Number(quota) / Number(period ?? read('/sys/fs/cgroup/cpu/cpu.cfs_period_us')),
    maxFiles: Number(/Max open files\s+\d+\s+(\d+)/.exec(read('/proc/self/limits') ?? '')?.[1]),
    processCount: list('/proc').filter((name) => /^\d+$/.test(name)).length,
    oomScoreAdj: Number(read('/proc/self/oom_score_adj')),
    rawSocket: python('import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'),
    icmpSocket: python('import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'),
    mount: python(`${mountCall}\nif r: raise PermissionError(ctypes.get_errno())`),
    unshare: python(
      'import ctypes; l=ctypes.CDLL(None,use_errno=True)\nif l.unshare(0x10000000): raise PermissionError(ctypes.get_errno())',
    ),
    becomeRoot: python('import os; os.setuid(0)'),
    signalInit: attempt(() => process.kill(-1, 0)) === 'ok' ? 'own processes' : 'none',
  }
}
