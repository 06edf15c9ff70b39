const HEADER_BYTES = 8
const MAX_LINE_BYTES = 4096
const NEWLINE = 10
/** Docker cuts longer lines into parts of just this size and a last, shorter one. */
const PART_BYTES = 16 * 1024

/**
 * The last lines of Docker's multiplexed log, oldest first. A frame is 1 byte of stream, 3 zero bytes, 4 bytes of length
 * and a payload (Docker Engine API, "Attach to a container"): one line, or a part of one, with the other stream's between
 * the parts. Control characters stay as they are; each line is cut at 4 KiB.
 */
export const readLogFrames = (log: Buffer, lines: number): string[] => {
  const done: string[] = []
  const open = new Map<number, Buffer>()
  for (const { stream, payload } of frames(log)) {
    const hasNewline = payload.at(-1) === NEWLINE
    const begun = open.get(stream) ?? Buffer.alloc(0)
    const line = Buffer.concat([begun, hasNewline ? payload.subarray(0, -1) : payload]).subarray(0, MAX_LINE_BYTES)
    /** The `local` log driver of 20.10 leaves the newline out behind a last part: its size tells. */
    if (hasNewline || payload.length < PART_BYTES) {
      done.push(text(line))
      open.delete(stream)
    } else {
      open.set(stream, line)
    }
  }
  for (const line of open.values()) done.push(text(line))
  return lines > 0 ? done.slice(-lines) : []
}

function* frames(log: Buffer): Generator<{ stream: number; payload: Buffer }> {
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const end = at + HEADER_BYTES + log.readUInt32BE(at + 4)
    yield { stream: log.readUInt8(at), payload: log.subarray(at + HEADER_BYTES, end) }
    at = end
  }
}

/** `stream: true` leaves out a character that the cut went through. */
const text = (line: Buffer): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(line, { stream: line.length === MAX_LINE_BYTES })
