import { buildRoutes } from '@pushfn/model/api-routes-builds'
import { callApi } from '../cloud/call-api.ts'
import type { Cloud } from '../cloud/cloud.ts'
import { followBuild } from '../cloud/follow-build.ts'
import { findCloud } from '../config/find-cloud.ts'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { BuildLines } from '../show/build-lines.ts'

/** Follows a build to its end. Throws Failure unless it went live or had nothing to do. */
export const showBuild = async (context: Context, id: string): Promise<void> => {
  const cloud = await findCloud(context)
  const { tenant } = await callApi(cloud, buildRoutes.findBuild, { params: { id }, signal: context.signal })
  await tellBuild(context, cloud, { tenant, id })
}

/** The same of a build that is known. */
export const tellBuild = async (
  { options, signal }: Context,
  cloud: Cloud,
  { tenant, id }: { tenant: string; id: string },
): Promise<void> => {
  const lines = new BuildLines()
  let end: { state: string; reason?: string | undefined } | undefined
  for await (const event of followBuild(cloud, { tenant, id, signal })) {
    if (event.kind === 'state') end = event
    const said = options.json ? JSON.stringify(event) : lines.of(event)
    if (said !== undefined) process.stdout.write(`${said}\n`)
  }
  const state = end?.state ?? 'unknown'
  if (state === 'live' || state === 'skipped') return
  throw new Failure('refused', `build ${id} ended as ${state}`, { hint: `${cloud.url}/builds/${id}` })
}
