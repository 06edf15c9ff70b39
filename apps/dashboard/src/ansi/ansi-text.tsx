import { type AnsiSpan, ansiSpans } from './ansi-spans.ts'

/** A line of a log: React's text nodes and nothing else, whatever is in it. */
export const AnsiText = ({ line }: { line: string }) =>
  ansiSpans(line).map((span, n) => {
    const look = lookOf(span)
    if (!look) return span.text
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: a line never changes, and its runs have no other name
      <span key={n} className={look}>
        {span.text}
      </span>
    )
  })

/** Whole class names, for Tailwind to find. */
const COLOURS = [
  'text-ansi-0',
  'text-ansi-1',
  'text-ansi-2',
  'text-ansi-3',
  'text-ansi-4',
  'text-ansi-5',
  'text-ansi-6',
  'text-ansi-7',
  'text-ansi-8',
  'text-ansi-9',
  'text-ansi-10',
  'text-ansi-11',
  'text-ansi-12',
  'text-ansi-13',
  'text-ansi-14',
  'text-ansi-15',
]

const lookOf = (span: AnsiSpan): string =>
  [
    span.colour !== undefined && COLOURS[span.colour],
    span.isBold && 'font-bold',
    span.isDim && span.colour === undefined && 'text-terminal-muted',
    span.isItalic && 'italic',
    span.isUnderlined && 'underline',
  ]
    .filter(Boolean)
    .join(' ')
