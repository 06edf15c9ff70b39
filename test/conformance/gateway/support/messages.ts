/** An HTTP/1.1 message as the plainest reader understands it, who trusts its framing and nothing else. */
export interface Message {
  /** Request line or status line. */
  start: string
  /** `name: value`, names in lower case, in order and with repetitions. */
  fields: string[]
  body: string
  trailers: string[]
  /** Whether its end has come. */
  isWhole: boolean
}

export interface ReadAs {
  /** Answers may end with the connection, and some have no body whatever they say. */
  kind: 'requests' | 'answers'
  /** The first answer is to HEAD. */
  isHead?: boolean
  /** The sender has ended the connection in good order. */
  hasEnded?: boolean
}

/** All messages in what one side has heard; what stands behind the last whole one is the last, not whole. */
export const readMessages = (heard: string, as: ReadAs): Message[] => {
  const messages: Message[] = []
  for (let at = 0; at < heard.length; ) {
    const { message, end } = readOne(heard, at, { ...as, isHead: as.isHead === true && messages.length === 0 })
    messages.push(message)
    at = end
  }
  return messages
}

interface Read {
  message: Message
  end: number
}

const readOne = (heard: string, from: number, as: ReadAs): Read => {
  const headEnd = heard.indexOf('\r\n\r\n', from)
  const rest = heard.length
  if (headEnd === -1) {
    return { message: { start: heard.slice(from), fields: [], body: '', trailers: [], isWhole: false }, end: rest }
  }
  const [start = '', ...lines] = heard.slice(from, headEnd).split('\r\n')
  const message: Message = { start, fields: lines.map(plain), body: '', trailers: [], isWhole: true }
  const at = headEnd + 4
  const status = as.kind === 'answers' ? Number(start.split(' ')[1]) : 0
  if (status === 101) return { message: { ...message, body: heard.slice(at) }, end: rest }
  const isBare = as.isHead || (status > 0 && status < 200) || status === 204 || status === 304
  if (isBare) return { message, end: at }
  if (fieldOf(message, 'transfer-encoding') === 'chunked') return readChunks(heard, at, message)
  const length = fieldOf(message, 'content-length')
  if (length !== undefined) {
    const end = at + Number(length)
    return { message: { ...message, body: heard.slice(at, end), isWhole: end <= rest }, end: Math.min(end, rest) }
  }
  if (as.kind === 'requests') return { message, end: at }
  return { message: { ...message, body: heard.slice(at), isWhole: as.hasEnded === true }, end: rest }
}

const readChunks = (heard: string, from: number, message: Message): Read => {
  let body = ''
  for (let at = from; ; ) {
    const line = heard.indexOf('\r\n', at)
    const size = Number.parseInt(heard.slice(at, line), 16)
    const piece = heard.slice(line + 2, line + 2 + size)
    const cut = { message: { ...message, body, isWhole: false }, end: heard.length }
    if (line === -1 || Number.isNaN(size)) return cut
    if (size === 0) {
      const end = heard.startsWith('\r\n', line + 2) ? line : heard.indexOf('\r\n\r\n', line)
      if (end === -1) return cut
      const trailers = heard
        .slice(line + 2, end)
        .split('\r\n')
        .filter(Boolean)
        .map(plain)
      return { message: { ...message, body, trailers, isWhole: true }, end: end + 4 }
    }
    body += piece
    at = line + 2 + size + 2
    if (at > heard.length) return { message: { ...message, body, isWhole: false }, end: heard.length }
  }
}

const plain = (line: string): string => {
  const colon = line.indexOf(':')
  return `${line.slice(0, colon).toLowerCase()}: ${line.slice(colon + 1).trim()}`
}

export const fieldOf = ({ fields }: Message, name: string): string | undefined =>
  fields.find((field) => field.startsWith(`${name}: `))?.slice(name.length + 2)
