import { cutPacket, FLUSH, pktLine, progressPacket, readPackets } from './pkt-line.ts'

/**
 * Git's answer to a push, with our own lines behind it: packets go through as they come, the flush that ends the answer is
 * held back, `follow` is told which refs were taken and writes on band 2 (`remote: …` in the pusher's terminal), and then
 * the flush goes out. So the pusher sees the build live in the push's own output, without a hook.
 */
export async function* withProgress(
  answer: AsyncIterable<Buffer>,
  follow: (takenRefs: ReadonlySet<string>) => AsyncIterable<string>,
): AsyncGenerator<Buffer> {
  const report: Buffer[] = []
  for await (const packet of readPackets(answer)) {
    if (packet === undefined) break
    if (packet[0] === 1) report.push(packet.subarray(1))
    yield pktLine(packet)
  }
  for await (const text of follow(takenRefs(Buffer.concat(report)))) yield progressPacket(text)
  yield FLUSH
}

/** `ok <ref>` lines of the report-status that travels on band 1. */
const takenRefs = (report: Buffer): ReadonlySet<string> => {
  const taken = new Set<string>()
  let rest = report
  for (let packet = cutPacket(rest); packet?.payload; packet = cutPacket(rest)) {
    rest = rest.subarray(packet.bytes)
    const line = packet.payload.toString('utf8').trimEnd()
    if (line.startsWith('ok ')) taken.add(line.slice(3))
  }
  return taken
}
