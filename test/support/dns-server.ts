import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { decode, encode, RECURSION_DESIRED } from 'dns-packet'

/** A DNS server that knows TXT records alone, and tells what it was asked. */
export interface DnsServer extends AsyncDisposable {
  /** As `DNS_SERVERS` has it. */
  readonly address: string
  /** Name → texts. A text longer than 255 bytes goes out in pieces. */
  readonly records: Map<string, string[]>
  /** Names that were asked for. */
  readonly asked: string[]
  /** `refuse`: it answers SERVFAIL; `silent`: it does not answer. */
  mood: 'answer' | 'refuse' | 'silent'
}

const NAME_ERROR = 3
const SERVER_FAILURE = 2

export const startDnsServer = async (): Promise<DnsServer> => {
  const socket = createSocket('udp4')
  const server = {
    records: new Map<string, string[]>(),
    asked: [] as string[],
    mood: 'answer' as DnsServer['mood'],
  }
  socket.on('message', (message, peer) => {
    const { id, questions = [] } = decode(message)
    const [question] = questions
    if (!question) return
    const name = question.name.toLowerCase()
    server.asked.push(name)
    if (server.mood === 'silent') return
    const texts = server.records.get(name)
    const code = server.mood === 'refuse' ? SERVER_FAILURE : texts ? 0 : NAME_ERROR
    const answer = encode({
      type: 'response',
      ...(id !== undefined && { id }),
      flags: RECURSION_DESIRED | code,
      questions,
      answers: (code === 0 ? (texts ?? []) : []).map((text) => ({
        type: 'TXT' as const,
        name: question.name,
        ttl: 0,
        data: text.match(/.{1,255}/gs) ?? [''],
      })),
    })
    socket.send(answer, peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(server, {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  })
}
