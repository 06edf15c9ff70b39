/**
 * `text` with at most `max` code points, the last one “…” when something was cut. Forges count characters, not UTF-16
 * units, and half a surrogate pair is refused as malformed.
 */
export const cut = (text: string, max: number): string => {
  // A code point has at most two units: a short string needs no counting, a huge one is never spread whole.
  if (text.length <= max) return text
  const points = Array.from(text.slice(0, 2 * (max + 1)))
  return points.length <= max ? text : `${points.slice(0, max - 1).join('')}…`
}

/** One line: every run of white space and control characters becomes one space. */
export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim()

/** The end of `text` in at most `maxBytes` bytes of UTF-8, begun at a whole line where there is one. */
export const cutToEnd = (text: string, maxBytes: number): string => {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return text
  const tail = bytes.subarray(bytes.length - maxBytes)
  const lineEnd = tail.indexOf(0x0a)
  // Inside a character the bytes begin with 10xxxxxx: step over them.
  const start =
    lineEnd >= 0 && lineEnd < tail.length - 1 ? lineEnd + 1 : tail.findIndex((byte) => (byte & 0xc0) !== 0x80)
  return tail.subarray(start).toString()
}
