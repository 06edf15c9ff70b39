import { AppError } from '@pushfn/model/errors'

/** Live streams that one tenant may have open at this process: each holds a connection and memory for as long as it likes. */
const STREAMS_A_TENANT = 50

/** Counts the live streams of each tenant. */
export class StreamSlots {
  readonly #open = new Map<string, number>()

  /** Takes one until it is disposed of. Throws TOO_MANY when the tenant has all it may have. */
  take(tenantId: string): Disposable {
    const open = this.#open.get(tenantId) ?? 0
    if (open >= STREAMS_A_TENANT) {
      throw new AppError('TOO_MANY', 'too many live streams', {
        hint: `${STREAMS_A_TENANT} live streams of this tenant are open already: close some`,
      })
    }
    this.#open.set(tenantId, open + 1)
    return { [Symbol.dispose]: () => this.#giveBack(tenantId) }
  }

  #giveBack(tenantId: string): void {
    const open = (this.#open.get(tenantId) ?? 0) - 1
    if (open > 0) this.#open.set(tenantId, open)
    else this.#open.delete(tenantId)
  }
}
