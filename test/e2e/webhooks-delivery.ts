import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { webhookExamples } from '../support/github/payloads.ts'

/** A cloud's door for webhooks, and the secret it was given. */
export interface Door {
  github: { webhooks: { settings: { url: string; secret: string } } }
}

/** What a test sends to the webhook's door; what it does not say is as GitHub would have it. */
export interface Sent {
  event?: string
  /** Sent as JSON, unless `body` is given. */
  payload?: unknown
  body?: string | Buffer
  /** Headers over the usual ones; `undefined` leaves one out. */
  headers?: Record<string, string | undefined>
  method?: string
  path?: string
}

export interface Answer {
  status: number
  headers: Headers
  body: { outcome?: string; reason?: string; title?: string; detail?: string }
  ms: number
}

export const sign = (body: string | Buffer, secret: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** Posts a webhook, signed with the secret that the cloud was given. */
export const deliver = async ({ github }: Door, sent: Sent): Promise<Answer> => {
  const { url, secret } = github.webhooks.settings
  const body = sent.body ?? JSON.stringify(sent.payload ?? {})
  const headers = Object.entries({
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/1a2b3c4',
    'x-github-delivery': randomUUID(),
    'x-github-event': sent.event ?? 'push',
    'x-hub-signature-256': sign(body, secret),
    ...sent.headers,
  }).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]))
  const begun = performance.now()
  const response = await fetch(new URL(sent.path ?? url, url), {
    method: sent.method ?? 'POST',
    headers,
    ...(sent.method === 'GET' ? {} : { body }),
    // Gigabytes at once take their time on a slow machine.
    signal: AbortSignal.timeout(100_000),
  })
  const text = await response.text()
  const ms = performance.now() - begun
  return { status: response.status, headers: response.headers, body: Object(text === '' ? {} : JSON.parse(text)), ms }
}

/**
 * Sends a body that is too large until the api answers, and returns the answer's status. With a length given, it is said
 * at the start, and nothing follows; without one, chunks come without an end.
 */
export const deliverTooMuch = (
  { github }: Door,
  contentLength: number | undefined,
  signature: string | undefined,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const signed = signature === undefined ? {} : { 'x-hub-signature-256': signature }
    const headers = { 'content-type': 'application/json', 'x-github-event': 'push', ...signed }
    const sending = request(github.webhooks.settings.url, {
      method: 'POST',
      headers: contentLength === undefined ? headers : { ...headers, 'content-length': contentLength },
    })
    sending.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      sending.destroy()
    })
    sending.on('error', reject)
    if (contentLength !== undefined) return sending.flushHeaders()
    const chunk = Buffer.alloc(262_144, 0x20)
    const write = () => {
      while (!sending.destroyed && sending.write(chunk));
    }
    sending.on('drain', write)
    write()
  })

/** A push as GitHub tells it: a real example with these facts in it, of a new account and repository unless told. */
export const aPushPayload = (
  facts: {
    login?: string
    accountId?: number
    repositoryId?: number
    ref?: string
    after?: string
    deleted?: boolean
  } = {},
): Record<string, unknown> => {
  const example = webhookExamples().find(({ event, payload }) => event === 'push' && payload.installation)?.payload
  const repository = Object(example?.repository)
  return {
    ...example,
    ref: facts.ref ?? 'refs/heads/main',
    after: facts.after ?? anySha(),
    deleted: facts.deleted ?? false,
    // Of a tag the commit behind it is told.
    ...(facts.ref?.startsWith('refs/tags/') && { head_commit: { id: anySha(), message: 'change' } }),
    repository: {
      ...repository,
      id: facts.repositoryId ?? anyId(),
      default_branch: 'main',
      owner: {
        ...repository.owner,
        login: facts.login ?? `ada-${randomUUID().slice(0, 8)}`,
        id: facts.accountId ?? anyId(),
      },
    },
  }
}

export const anyId = (): number => randomInt(1_000_000, 2 ** 40)

export const anySha = (): string => randomUUID().replaceAll('-', '') + '0'.repeat(8)
