import { readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const LIMIT_MS = 20_000

/**
 * Ends the process that the first line of a pid file names, when it still runs and is ours: `mark` must stand in its
 * command line, since ids are used again. Then removes the pid file. For what an earlier run left behind.
 */
export const endLeftover = async (pidPath: string, mark: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  const pid = Number((await readFile(pidPath, 'utf8').catch(() => '')).split('\n')[0])
  if (pid > 1 && (await isOurs(pid, mark))) {
    process.kill(pid, signal)
    const deadline = Date.now() + LIMIT_MS
    while (Date.now() < deadline && (await isOurs(pid, mark))) await sleep(50)
    if (await isOurs(pid, mark)) process.kill(pid, 'SIGKILL')
  }
  await rm(pidPath, { force: true })
}

const isOurs = async (pid: number, mark: string): Promise<boolean> => {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return commandLine.includes(mark)
}
