import { runCommand } from './run-command.ts'

export interface PostgresUser {
  /** Arguments for setpriv(1) that make a process this user's. */
  privileges: readonly string[]
  /** Undefined when it is the user we are. */
  ids?: { uid: number; gid: number }
}

const NAME = 'postgres'

/**
 * The capability to read and enter any folder. The secure bit lets access(2), by which PostgreSQL looks for its own
 * binaries, heed it too: for other users than root that call leaves capabilities out of account.
 */
const REACH_ALL = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search', '--securebits=+no_setuid_fixup']

/**
 * As whom PostgreSQL runs: as we, except that it refuses to run as root. Root's checkout may well be in /root, which the
 * user `postgres` (made when there is none) may not enter: where it cannot reach `paths`, it is given the one capability
 * to read past that. The database's own users get no such right, since none of ours may read files through SQL.
 */
export const postgresUserFor = async (paths: readonly string[]): Promise<PostgresUser> => {
  if (process.getuid?.() !== 0) return { privileges: [] }
  const ids = (await idsOf()) ?? (await makeUser())
  const privileges = [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups']
  const canReach = await Promise.all(
    paths.map((path) =>
      runCommand('setpriv', [...privileges, '--', 'test', '-x', path], { timeoutMs: 5_000, cwd: '/' }).then(
        () => true,
        () => false,
      ),
    ),
  )
  if (canReach.every(Boolean)) return { privileges, ids }
  return { privileges: [...privileges, ...REACH_ALL], ids }
}

const idsOf = async (): Promise<{ uid: number; gid: number } | undefined> => {
  try {
    const [, , uid, gid] = (await runCommand('getent', ['passwd', NAME], { timeoutMs: 5_000 })).split(':')
    return { uid: Number(uid), gid: Number(gid) }
  } catch {
    return undefined
  }
}

const makeUser = async () => {
  await runCommand('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME], {
    timeoutMs: 10_000,
  })
  const ids = await idsOf()
  if (!ids) throw new Error(`useradd made no user ${NAME}`)
  return ids
}
