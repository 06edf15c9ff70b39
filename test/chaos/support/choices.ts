import { setTimeout as sleep } from 'node:timers/promises'
import { LIVE } from '@pushfn/model/alias'
import { ChoiceList } from '@pushfn/model/api-revisions'
import { expect } from 'vitest'
import { localFetch } from '../../support/local-fetch.ts'
import type { World } from '../../support/world.ts'
import type { Ledger } from './ledger.ts'

/** Rollbacks, promotions and unpins of a tenant's function `fn` by the REST API of a cloud whose processes may die. */
export interface Choices {
  /**
   * Resolves with the revision when the choice is made, and undefined when it is refused. Its answer comes when callers reach
   * it, or never when the api dies: that is not waited for.
   */
  choose(what: string, path: 'rollback' | 'promote', body: object): Promise<string | undefined>
  unpin(): Promise<void>
  /** Resolves when no answer is out; rejects when one was none that the API gives. */
  answered(): Promise<unknown>
}

interface ChoicesOptions {
  world: World
  ledger: Ledger
  tenant: string
  note: (text: string) => void
  /** Settles when the api is there to be asked. */
  whenUp: () => Promise<void> | undefined
}

export const openChoices = ({ world, ledger, tenant, note, whenUp }: ChoicesOptions): Choices => {
  const calls: Promise<unknown>[] = []
  const request = async (method: 'POST' | 'DELETE', path: string, body?: object) => {
    const answer = await localFetch(`${world.apiUrl}/api/v1/tenants/${tenant}/functions/fn/${path}`, {
      method,
      headers: { authorization: `Bearer ${world.operatorToken}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: Object(await answer.json()) }
  }
  /** The pin tells that a choice is made. In one look, so that it is seen whole. */
  const lastChoice = async (): Promise<{ made: bigint; wanted: string | null } | undefined> => {
    const [row] = await ledger.db.$queryRaw<[{ made: bigint; wanted: string | null }?]>`
      SELECT pins.sequence AS made, aliases.wanted_revision_id::text AS wanted
      FROM pins JOIN functions ON functions.id = pins.function_id JOIN tenants ON tenants.id = functions.tenant_id
        JOIN aliases ON aliases.function_id = functions.id AND aliases.name = ${LIVE}
      WHERE tenants.slug = ${tenant}`
    return row
  }
  return {
    choose: async (what, path, body) => {
      await whenUp()
      const before = (await lastChoice())?.made ?? 0n
      let status: number | undefined
      const call = request('POST', path, body).then(
        (answer) => {
          status = answer.status
          const become = status === 200 ? ChoiceList.parse(answer.body).items[0]?.state : answer.body.detail
          note(`${what}: ${status} ${become}`)
        },
        (err: unknown) => {
          status = 0
          note(`${what}: ${err instanceof Error ? `${err.message}, ${err.cause}` : err}`)
        },
      )
      const checked = call.then(() => expect(status, what).toBeOneOf([200, 404, 409, 0]))
      // Its fault is told at the end.
      checked.catch(() => undefined)
      calls.push(checked)
      for (;;) {
        // Before the look: what was overtaken was made all the same.
        const isAnswered = status !== undefined
        const choice = await lastChoice()
        if (choice?.wanted && choice.made > before) return choice.wanted
        if (isAnswered && status === 200) throw new Error(`${what}: answered, and nothing is pinned`)
        if (isAnswered) return undefined
        await sleep(20)
      }
    },
    unpin: async () => {
      await whenUp()
      const { status, body } = await request('DELETE', 'pin')
      note(`unpin: ${status} ${body.detail ?? ''}`)
      // What takes its place while the answer waits is told as a conflict; the pin is gone all the same.
      expect(status, 'unpin').toBeOneOf([200, 404, 409])
    },
    answered: () => Promise.all(calls),
  }
}
