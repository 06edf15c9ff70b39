import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'
import type { ForgeDelivery, ForgeEvent, ForgeKind, ForgeRepository, WebhookRequest } from './forge.ts'

/** What a webhook means before it is known whose repository it is of. */
export type HookMeaning =
  | { ignored: string }
  | { repositoryId: string; gone: true }
  | {
      repositoryId: string
      /** As the payload has it, where it says all. */
      stated?: ForgeRepository
      eventOf: (repository: ForgeRepository) => ForgeEvent
    }

export interface HookReader {
  kind: ForgeKind
  /** For errors: `GitLab`. */
  name: string
  /** Throws UNAUTHENTICATED. Nothing of a request is looked at before. */
  verify(request: WebhookRequest): void
  /** Throws a ZodError when a header is missing or malformed. */
  deliveryId(headers: WebhookRequest['headers']): string
  /** The forge's own name of the event. Throws a ZodError. */
  eventOf(headers: WebhookRequest['headers'], payload: unknown): { event: string; action?: string | undefined }
  /** Throws a ZodError when the payload has not the event's shape. */
  meaningOf(event: string, payload: unknown): HookMeaning
  /** Asks the forge; throws NOT_FOUND for a repository that the cloud's account there may not see. */
  findRepository(id: string): Promise<ForgeRepository>
}

/**
 * Receives webhooks of a forge that has no Apps: verify the raw bytes, parse, say what it means.
 *
 * A hook of one repository (its URL says which) is its maintainers', who may read its secret and write its payloads
 * themselves. It speaks for that repository and no other, and whose it is the forge alone says: a payload that names
 * another owner would be deployed as theirs. What a hook of the whole forge says is the forge's own word.
 */
export const createReceiveHook =
  (reader: HookReader) =>
  async (request: WebhookRequest): Promise<ForgeDelivery> => {
    reader.verify(request)
    const payload = parseJson(request.body)
    const { id, event, action, meaning } = read(reader, request, payload)
    const delivery = { id, event, ...(action !== undefined && { action }) }
    if ('ignored' in meaning) return { ...delivery, events: [], ignored: meaning.ignored }

    const { repositoryId } = meaning
    if (request.repositoryId !== undefined && request.repositoryId !== repositoryId) {
      const hint = `the webhook’s URL and secret are of repository ${request.repositoryId}, it tells of ${repositoryId}`
      throw new AppError('UNAUTHENTICATED', 'a webhook speaks for another repository than its own', { hint })
    }
    if ('gone' in meaning) {
      return { ...delivery, events: [{ kind: 'repository-deleted', repository: { id: repositoryId } }] }
    }
    const isTrusted = request.repositoryId === undefined
    const repository = (isTrusted && meaning.stated) || (await reader.findRepository(repositoryId))
    return { ...delivery, events: [meaning.eventOf(repository)] }
  }

const read = (reader: HookReader, request: WebhookRequest, payload: unknown) => {
  try {
    const { event, action } = reader.eventOf(request.headers, payload)
    return { id: reader.deliveryId(request.headers), event, action, meaning: reader.meaningOf(event, payload) }
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    throw badRequest(`the webhook is not ${reader.name}’s: ${z.prettifyError(error)}`, error)
  }
}

const parseJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw badRequest('the webhook’s body is not JSON', error)
  }
}

const badRequest = (message: string, cause: unknown) => new AppError('BAD_REQUEST', message, { hint: message, cause })

/** The errors of a signature, alike for every forge: what is wrong of it helps only who guesses. */
export const refuseHook = (hint: string): AppError =>
  new AppError('UNAUTHENTICATED', 'the webhook is not signed with the secret of its hook', { hint })

/** The id of a delivery as it stands in a header. */
export const DeliveryId = z
  .string('the delivery’s id is missing')
  .regex(/^[\w-]{1,100}$/, 'the delivery’s id is malformed')
