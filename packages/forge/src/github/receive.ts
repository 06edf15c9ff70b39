import { Webhooks } from '@octokit/webhooks'
import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import type { ForgeDelivery, WebhookRequest } from '../forge.ts'
import { meaningOf } from './events.ts'
import { AnyPayload } from './payload.ts'

/**
 * Receives GitHub's webhooks: verify the raw bytes, then parse, then say what it means. Nothing of a request is looked
 * at before its signature is right, and only the SHA-256 signature counts
 * (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
 */
export const createReceive = (secrets: readonly string[]) => {
  if (secrets.length === 0 || secrets.some((secret) => secret === '')) {
    throw new TypeError('GitHub’s webhook secret is empty: nobody’s requests could be told from GitHub’s')
  }
  const verifiers = secrets.map((secret) => new Webhooks({ secret }))

  return async (request: WebhookRequest): Promise<ForgeDelivery> => {
    const text = request.body.toString('utf8')
    await verify(verifiers, text, request.headers['x-hub-signature-256'])
    const { event, ...identity } = identityOf(request.headers)
    const payload = parsePayload(text, request.headers['content-type'])
    try {
      const facts = AnyPayload.parse(payload)
      return { ...identity, event, ...subjectOf(facts), events: [], ...meaningOf(event, payload) }
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error
      throw badRequest(`the payload of ${event} is not GitHub’s: ${z.prettifyError(error)}`, error)
    }
  }
}

/** `sha256=` and the 32 bytes of the HMAC. */
export const isSigned = (headers: WebhookRequest['headers']): boolean =>
  /^sha256=[0-9a-f]{64}$/.test(String(headers['x-hub-signature-256']))

const verify = async (verifiers: readonly Webhooks[], text: string, signature: string | undefined): Promise<void> => {
  // The library throws on an empty body or signature: both are nobody's.
  if (text !== '' && signature) {
    for (const verifier of verifiers) {
      if (await verifier.verify(text, signature)) return
    }
  }
  throw new AppError('UNAUTHENTICATED', signature ? 'the webhook’s signature is wrong' : 'the webhook is not signed', {
    hint: 'X-Hub-Signature-256 must be the HMAC of the body with the webhook secret that this cloud was given',
  })
}

const subjectOf = ({ action, repository, installation, organization }: AnyPayload) => {
  const account = repository?.owner ?? installation?.account ?? organization
  return {
    ...(action !== undefined && { action }),
    ...(account && { account }),
    ...(repository && { repository: { id: repository.id, name: repository.name } }),
  }
}

const header = (name: string) =>
  z.string(`the header ${name} is missing`).regex(/^[\w-]{1,100}$/, `${name} is malformed`)

const Identity = z.object({
  'x-github-delivery': header('X-GitHub-Delivery'),
  'x-github-event': header('X-GitHub-Event'),
  // GitHub Enterprise Server has it since 3.4.
  'x-github-hook-id': header('X-GitHub-Hook-ID').optional(),
})

const identityOf = (headers: WebhookRequest['headers']): Pick<ForgeDelivery, 'id' | 'event' | 'hook'> => {
  const parsed = Identity.safeParse(headers)
  if (!parsed.success) throw badRequest(parsed.error.issues.map((issue) => issue.message).join('; '), parsed.error)
  const { 'x-github-delivery': id, 'x-github-event': event, 'x-github-hook-id': hook } = parsed.data
  return { id, event, ...(hook !== undefined && { hook }) }
}

/** GitHub sends JSON, or a form with the JSON as its field `payload`, as the App's owner chose. */
const parsePayload = (text: string, contentType: string | undefined): unknown => {
  const isForm = contentType?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false
  try {
    return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text)
  } catch (error) {
    throw badRequest('the webhook’s body is not JSON', error)
  }
}

const badRequest = (message: string, cause: unknown) => new AppError('BAD_REQUEST', message, { hint: message, cause })
