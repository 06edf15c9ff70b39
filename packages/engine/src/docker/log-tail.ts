const HEADER_BYTES = 8
const MAX_LINE_BYTES = 4096
const NEWLINE = 10

/**
 * The last lines of Docker's multiplexed log (frames of 1 byte stream, 3 zero bytes, 4 bytes length, then the payload;
 * Docker Engine API, "Attach to a container"), oldest first. A line longer than a frame comes in several, and the other
 * stream's may stand between them. Bytes are kept as they are, control characters too; each line is cut at 4 KiB.
 */
export const readLogFrames = (log: Buffer, lines: number): string[] => {
  const done: string[] = []
  const open = new Map<number, Line>()
  for (const { stream, payload } of frames(log)) {
    let rest = payload
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      done.push(text(extended(open.get(stream), rest.subarray(0, end))))
      open.delete(stream)
      rest = rest.subarray(end + 1)
    }
    if (rest.length > 0) open.set(stream, extended(open.get(stream), rest))
  }
  for (const line of open.values()) done.push(text(line))
  return lines > 0 ? done.slice(-lines) : []
}

interface Line {
  parts: Buffer[]
  bytes: number
}

const extended = (line: Line = { parts: [], bytes: 0 }, part: Buffer): Line => {
  const kept = part.subarray(0, MAX_LINE_BYTES - line.bytes)
  return { parts: [...line.parts, kept], bytes: line.bytes + kept.length }
}

/** `stream: true` leaves out a character that the cut went through. */
const text = (line: Line): string =>
  new TextDecoder().decode(Buffer.concat(line.parts), { stream: line.bytes === MAX_LINE_BYTES })

function* frames(log: Buffer): Generator<{ stream: number; payload: Buffer }> {
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const length = log.readUInt32BE(at + 4)
    yield { stream: log.readUInt8(at), payload: log.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length) }
    at += HEADER_BYTES + length
  }
}
