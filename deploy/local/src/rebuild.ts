import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { RebuildView } from '@pushfn/model/api-rebuilds'
import { SetupError } from '../stage.mjs'
import { call } from './call.ts'
import { consoleUrlOf } from './cloud-apps.ts'
import { keptSecret, openHome } from './home.ts'

/**
 * `npm run rebuild -- [--base <image>] [--tenant <slug>]…`: has everything that is live built again where it stands on an older
 * base image, and shows how far that is. Ctrl-C ends the showing, not the rebuild. Of the cloud of `npm start`, or of
 * the one of `CONSOLE_URL` with its `OPERATOR_TOKEN`.
 */
const LOOK_EVERY_MS = 1_000
const TIMEOUT_MS = 15_000

const rebuild = async (): Promise<void> => {
  const { values } = parseArgs({ options: { base: { type: 'string' }, tenant: { type: 'string', multiple: true } } })
  const url = process.env.CONSOLE_URL || consoleUrlOf(Number(process.env.PORT || 8080))
  const token = process.env.OPERATOR_TOKEN || (await keptSecret(join(await openHome(), 'operator-token')))
  const ask = async (path: string, body?: object): Promise<RebuildView> => {
    const answer = await call(url + path, {
      ...(body && { method: 'POST', body }),
      token,
      timeoutMs: TIMEOUT_MS,
    }).catch((err) => {
      throw new SetupError(`${url} does not answer: ${err.message}`)
    })
    if (answer.status >= 300) throw new SetupError(`${url}${path}: ${answer.status} ${answer.body}`)
    return RebuildView.parse(JSON.parse(answer.body))
  }
  let view = await ask('/api/v1/rebuilds', {
    ...(values.base && { base: values.base }),
    ...(values.tenant && { tenants: values.tenant }),
  })
  let said = ''
  for (;;) {
    const now = progressOf(view)
    if (now !== said) console.log(now)
    said = now
    if (view.finishedAt) break
    await sleep(LOOK_EVERY_MS)
    view = await ask(`/api/v1/rebuilds/${view.id}`)
  }
  for (const { tenant, function: name, reason, buildId } of view.failed) {
    console.log(
      `\n${tenant}/${name} stays as it was: ${reason ?? 'its build failed'}\n  ${url}/builds/${buildId ?? ''}`,
    )
  }
  if (view.counts.failed > 0) process.exitCode = 1
}

const progressOf = ({ isPlanned, counts }: RebuildView): string => {
  if (!isPlanned) return 'looking at what stands on which base …'
  const { waiting, building, done, failed, moved } = counts
  const all = waiting + building + done + failed + moved
  if (all === 0) return 'everything stands on today’s base images already'
  return `${done} of ${all} built and live, ${building} building, ${waiting} waiting, ${failed} failed, ${moved} needed nothing any more`
}

try {
  await rebuild()
} catch (err) {
  console.error(err instanceof SetupError ? err.message : err)
  process.exitCode = 1
}
