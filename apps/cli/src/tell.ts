import type { GlobalOptions } from './context.ts'
import { Failure } from './failure.ts'
import { plain } from './show/plain.ts'
import { style } from './show/style.ts'

/** Says on stderr why a command failed, in words or as the API's own problem+json. */
export const tell = (thrown: unknown, { json }: GlobalOptions): void => {
  const failure = thrown instanceof Failure ? thrown : undefined
  const message = failure?.message ?? (thrown instanceof Error ? thrown.message : String(thrown))
  if (json) {
    const { status = 0, title = failure?.exit ?? 'failed', hint } = failure ?? {}
    const detail = hint ? `${message}: ${hint}` : message
    process.stderr.write(`${JSON.stringify({ type: 'about:blank', status, title, detail })}\n`)
    return
  }
  const hint = failure?.hint ? `\n  ${plain(failure.hint)}` : ''
  process.stderr.write(`${style('red', 'pushfn:', process.stderr)} ${plain(message)}${hint}\n`)
}
