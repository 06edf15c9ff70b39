import type { BuildView } from '@pushfn/model/api'
import { durationText } from '../parts/durations.ts'

/** How long a build took from push to end; nothing while it runs, or when it never ran. */
export const Took = ({ build }: { build: BuildView }) =>
  build.startedAt && build.finishedAt ? (
    <span>took {durationText(Date.parse(build.finishedAt) - Date.parse(build.createdAt))}</span>
  ) : null
