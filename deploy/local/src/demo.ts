import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FunctionList, LoginLinkView } from '@pushfn/model/api'
import { z } from 'zod'
import { SetupError } from '../stage.mjs'
import { type Answer, call } from './call.ts'
import { consoleUrlOf, functionUrlOf } from './cloud-apps.ts'
import { repositoryRoot } from './repository-root.ts'
import { runCommand } from './run-command.ts'

const TENANT = 'demo'
const NAME = 'hello'
const LIVE_LIMIT_MS = 120_000
const GIT_LIMIT_MS = 300_000
const CALL_TIMEOUT_MS = 15_000

export interface Demo {
  tenant: string
  /** An API token of the tenant: signs in to the console, and is the password of a git push. */
  token: string
  /** Signs in to the console, once. */
  loginUrl: string
  functionUrl: string
  isLive: boolean
}

/** Makes sure of the demo tenant and its token, which is kept in `home`, and looks whether its function is live. */
export const ensureDemo = async (port: number, home: string, operatorToken: string): Promise<Demo> => {
  const api = `${consoleUrlOf(port)}/api/v1`
  await ask(`${api}/tenants`, operatorToken, { slug: TENANT })
  const tokenPath = join(home, 'demo-token')
  const kept = (await readFile(tokenPath, 'utf8').catch(() => '')).trim()
  const list = (token: string) => call(`${api}/tenants/${TENANT}/functions`, { token, timeoutMs: CALL_TIMEOUT_MS })
  let token = kept
  // A kept token is worth nothing to a new database.
  if (kept === '' || (await list(kept)).status !== 200) {
    const answer = await ask(`${api}/tenants/${TENANT}/tokens`, operatorToken, { name: 'npm start' })
    token = z.object({ token: z.string() }).parse(answer).token
    await writeFile(tokenPath, `${token}\n`, { mode: 0o600 })
  }
  const functions = FunctionList.parse(JSON.parse((await list(token)).body)).items
  const isLive = functions.some(({ name, state }) => name === NAME && state !== 'down')
  const link = LoginLinkView.parse(await ask(`${api}/tenants/${TENANT}/login-links`, token, {}))
  return { tenant: TENANT, token, loginUrl: link.url, functionUrl: functionUrlOf(port, TENANT, NAME), isLive }
}

/**
 * Pushes `examples/hello` as its tenant would, with git's own output shown, and returns when `git push` began, on
 * performance.now()'s clock. Throws when git says that it failed.
 */
export const pushDemo = async (port: number, demo: Demo): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-demo-'))
  try {
    await cp(join(repositoryRoot, 'examples', NAME), folder, { recursive: true })
    const git = (...args: string[]) => runCommand('git', args, { cwd: folder, timeoutMs: GIT_LIMIT_MS })
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '.')
    const author = ['-c', 'user.name=Pushfn', '-c', 'user.email=demo@localhost', '-c', 'commit.gpgsign=false']
    await git(...author, 'commit', '--quiet', '-m', 'Say hello')
    const credentials = Buffer.from(`${demo.tenant}:${demo.token}`).toString('base64')
    // In the environment: an argument could be read by everybody on the machine. No proxy stands before loopback.
    const env = {
      ...process.env,
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
      GIT_CONFIG_KEY_1: 'http.proxy',
      GIT_CONFIG_VALUE_1: '',
    }
    const url = `${consoleUrlOf(port)}/git/${demo.tenant}/${NAME}.git`
    const startedAt = performance.now()
    await runCommand('git', ['push', '--quiet', '--force', url, 'main'], {
      cwd: folder,
      env,
      timeoutMs: GIT_LIMIT_MS,
      isShown: true,
    })
    return startedAt
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Calls the function until it answers 200, and returns what it said. Throws SetupError with its last answer otherwise. */
export const callDemo = async ({ functionUrl }: Demo): Promise<string> => {
  const deadline = Date.now() + LIVE_LIMIT_MS
  for (;;) {
    const answer = await call(functionUrl, { timeoutMs: CALL_TIMEOUT_MS }).catch(
      (err: unknown): Answer => ({ status: 0, body: String(err) }),
    )
    if (answer.status === 200) return answer.body.trim()
    if (Date.now() > deadline) throw new SetupError(`${functionUrl} does not answer: ${answer.status} ${answer.body}`)
    await sleep(50)
  }
}

const ask = async (url: string, token: string, body: unknown): Promise<unknown> => {
  const answer = await call(url, { method: 'POST', token, body, timeoutMs: CALL_TIMEOUT_MS })
  if (answer.status >= 300) throw new SetupError(`POST ${url} was answered with ${answer.status}: ${answer.body}`)
  return JSON.parse(answer.body)
}
