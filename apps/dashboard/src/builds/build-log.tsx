import type { BuildView } from '@pushfn/model/api'
import { memo } from 'react'
import { AnsiText } from '../ansi/ansi-text.tsx'
import { tenantPath } from '../api/queries.ts'
import type { BuildProgress, LogLine } from './build-progress.ts'
import type { Connection } from './use-build-progress.ts'
import { useFollowing } from './use-following.ts'

const SAYS: Readonly<Record<Connection, string>> = {
  connecting: 'connecting …',
  live: 'following live',
  interrupted: 'interrupted, trying again …',
  ended: 'complete',
}

/** The log, which follows its end until its reader scrolls back. */
export const BuildLog = ({
  build,
  chunks,
  connection,
}: {
  build: BuildView
  chunks: BuildProgress['chunks']
  connection: Connection
}) => {
  const { box, content, isFollowing, onScroll, follow } = useFollowing()
  return (
    <section aria-labelledby="log">
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="log">Log</h2>
        <p className="text-sm text-muted">
          <span role="status">{connection === 'live' && !isFollowing ? 'live, paused' : SAYS[connection]}</span>
          {' · '}
          <a className="link" href={tenantPath(build.tenant, 'builds', build.id, 'log')} target="_blank" rel="noopener">
            plain text<span className="sr-only"> (opens in a new tab)</span>
          </a>
        </p>
      </div>
      <div className="relative overflow-hidden rounded-xl border border-terminal-line bg-terminal text-terminal-text">
        <section
          ref={box}
          onScroll={onScroll}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
          tabIndex={0}
          aria-label="Log lines"
          className={`max-h-[70vh] min-h-24 overflow-y-auto py-3 font-mono text-[0.8125rem] leading-5 -outline-offset-2 ${isFollowing ? '[overflow-anchor:none]' : ''}`}
        >
          <div ref={content}>
            {chunks.map((chunk) => (
              <Chunk key={chunk[0]?.id} lines={chunk} />
            ))}
            {chunks.length === 0 && (
              <p className="px-4 text-terminal-muted">
                {connection === 'ended' ? 'Nothing was said.' : 'Nothing yet …'}
              </p>
            )}
          </div>
        </section>
        {!isFollowing && (
          <button type="button" className="button button-primary absolute bottom-3 right-4" onClick={follow}>
            To the end ↓
          </button>
        )}
      </div>
    </section>
  )
}

// Pieces that are full are never drawn again, however long the log gets.
const Chunk = memo(({ lines }: { lines: readonly LogLine[] }) =>
  lines.map((line) => <Line key={line.id} line={line} />),
)

const LEVELS: Readonly<Record<LogLine['level'], string>> = {
  info: 'border-transparent',
  warning: 'border-ansi-3 text-ansi-11',
  error: 'border-ansi-1 text-ansi-9',
}

// Isolated, so that text that runs from right to left turns round nothing but its own line.
const Line = ({ line }: { line: LogLine }) => (
  <p className={`border-l-2 px-3.5 whitespace-pre-wrap wrap-anywhere [unicode-bidi:isolate] ${LEVELS[line.level]}`}>
    {line.function && <span className="text-terminal-muted select-none">{line.function} │ </span>}
    <AnsiText line={line.text} />
  </p>
)
