import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { tenantRoutes } from '@pushfn/model/api-routes-tenants'
import { faultText } from '@pushfn/model/errors'
import { z } from 'zod'
import { callApi } from '../cloud/call-api.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { send } from '../cloud/send.ts'
import { findCloud } from '../config/find-cloud.ts'
import type { Context } from '../context.ts'
import { askGit } from '../deploy/run-git.ts'
import { Failure } from '../failure.ts'
import { plain } from '../show/plain.ts'
import { sessionText } from '../show/session-text.ts'
import { style } from '../show/style.ts'
import { version } from '../version.ts'

interface Finding {
  name: string
  status: 'ok' | 'warning' | 'wrong'
  detail: string
}

const CLOCK_LIMIT_MS = 60_000
const SOON_MS = 7 * 86_400_000
const ANSWER_LIMIT_MS = 10_000

const MARKS = { ok: style('green', '✓'), warning: style('yellow', '!'), wrong: style('red', '✗') }

/** Looks at all that a command needs, one after the other, and says what is wrong; none of it stops the next. */
export const doctor = async (context: Context): Promise<void> => {
  const findings: Finding[] = []
  const look = async (name: string, check: () => Promise<Omit<Finding, 'name'>>): Promise<boolean> => {
    const found = await check().catch((err: unknown): Omit<Finding, 'name'> => {
      context.signal.throwIfAborted()
      const hint = err instanceof Failure && err.hint ? `: ${err.hint}` : ''
      return { status: 'wrong', detail: `${err instanceof Error ? err.message : String(err)}${hint}` }
    })
    findings.push({ name, ...found })
    if (!context.options.json) process.stdout.write(`${MARKS[found.status]} ${plain(`${name}: ${found.detail}`)}\n`)
    return found.status !== 'wrong'
  }

  let cloud: Cloud | undefined
  await look('signed in', async () => {
    cloud = await findCloud(context)
    return { status: 'ok', detail: cloud.url }
  })
  if (cloud) await lookAtCloud(context, cloud, look)
  await look('git', () => gitFinding(context))
  await look('stack.yml', () => stackFinding(context))

  if (context.options.json) process.stdout.write(`${JSON.stringify({ checks: findings }, null, 2)}\n`)
  const wrong = findings.filter(({ status }) => status === 'wrong').map(({ name }) => name)
  if (wrong.length > 0) throw new Failure('refused', `not well: ${wrong.join(', ')}`)
}

const lookAtCloud = async (
  { signal }: Context,
  cloud: Cloud,
  look: (name: string, check: () => Promise<Omit<Finding, 'name'>>) => Promise<boolean>,
): Promise<void> => {
  let answer: IncomingMessage | undefined
  const isThere = await look('reachable', async () => {
    const startedAt = performance.now()
    const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)])
    answer = await send(`${cloud.url}/api/v1/openapi.json`, { signal: limit })
    return { status: 'ok', detail: `answers in ${Math.round(performance.now() - startedAt)} ms` }
  })
  const first = answer
  if (!isThere || !first) return
  await look('versions', () => versionFinding(first))
  await look('clock', async () => clockFinding(first.headers.date))
  await look('token', async () => {
    const session = await callApi(cloud, tenantRoutes.showSession, { params: {}, signal })
    if (session.kind !== 'tenant') return { status: 'ok', detail: `of ${sessionText(session)}` }
    const who = `${session.role} of ${sessionText(session)}`
    if (session.role !== 'owner') return { status: 'ok', detail: who }
    const { items } = await callApi(cloud, tenantRoutes.listTokens, { params: { tenant: session.tenant }, signal })
    const soon = items.filter(({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) - Date.now() < SOON_MS)
    if (soon.length === 0) return { status: 'ok', detail: `${who}; none expires within a week` }
    const names = soon.map(({ name, expiresAt }) => `“${name}” at ${expiresAt}`).join(', ')
    return { status: 'warning', detail: `${who}; soon expired: ${names}` }
  })
}

const Document = z.object({ info: z.object({ title: z.string(), version: z.string() }) })

const versionFinding = async (answer: IncomingMessage): Promise<Omit<Finding, 'name'>> => {
  const ours = version()
  const document = Document.safeParse(
    await text(answer)
      .then(JSON.parse)
      .catch(() => undefined),
  )
  if (!document.success) return { status: 'wrong', detail: 'no Pushfn answers there: is it the address of a console?' }
  const theirs = document.data.info.version
  const isSame = ours.split('.').slice(0, 2).join('.') === theirs.split('.').slice(0, 2).join('.')
  return { status: isSame ? 'ok' : 'warning', detail: `pushfn ${ours}, cloud ${theirs}` }
}

const clockFinding = (date: string | undefined): Omit<Finding, 'name'> => {
  if (!date) return { status: 'warning', detail: 'the cloud does not say its time' }
  const differenceMs = Math.abs(Date.now() - Date.parse(date))
  const detail = `${Math.round(differenceMs / 1000)} s from the cloud’s`
  return { status: differenceMs > CLOCK_LIMIT_MS ? 'warning' : 'ok', detail }
}

const gitFinding = async ({ env, signal, folder }: Context): Promise<Omit<Finding, 'name'>> => {
  const said = (await askGit(['--version'], { folder, env, signal })) ?? ''
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(said) ?? []
  // Before, it takes no settings from its environment.
  const isNewEnough = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 31)
  return isNewEnough
    ? { status: 'ok', detail: said }
    : { status: 'wrong', detail: `${said}: pushfn deploy needs 2.31 or newer` }
}

const stackFinding = async ({ folder }: Context): Promise<Omit<Finding, 'name'>> => {
  for (const file of ['stack.yml', 'stack.yaml']) {
    const written = await readFile(join(folder, file), 'utf8').catch(() => undefined)
    if (written === undefined) continue
    const { parseStack } = await import('@pushfn/model/parse-stack')
    const parsed = parseStack(written, { file })
    if ('faults' in parsed) return { status: 'wrong', detail: parsed.faults.map(faultText).join('\n  ') }
    const names = parsed.stack.functions.map(({ name }) => name).join(', ')
    if (parsed.warnings.length === 0) return { status: 'ok', detail: names }
    return { status: 'warning', detail: [names, ...parsed.warnings.map(faultText)].join('\n  ') }
  }
  return { status: 'ok', detail: 'none in this folder' }
}
