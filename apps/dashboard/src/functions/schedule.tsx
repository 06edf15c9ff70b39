import type { ScheduleView } from '@pushfn/model/async-call'
import { Age } from '../parts/age.tsx'

/** When the cloud calls the function by itself, and how that went last. */
export const Schedule = ({ of }: { of: ScheduleView }) => (
  <span className="wrap-anywhere">
    <code className="font-mono">{of.cron}</code> {of.timeZone}
    {of.lastRunAt && (
      <span className="block">
        last <Age of={of.lastRunAt} />
        {of.lastStatus === null ? ', no answer' : `, ${of.lastStatus}`}
      </span>
    )}
    {of.nextRunAt && (
      <span className="block">
        next <time dateTime={of.nextRunAt}>{new Date(of.nextRunAt).toLocaleString()}</time>
      </span>
    )}
  </span>
)
