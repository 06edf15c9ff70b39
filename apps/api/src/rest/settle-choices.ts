import type { ChoiceView } from '@pushfn/model/api-revisions'
import { AppError } from '@pushfn/model/errors'
import { channels } from '@pushfn/store/bus'
import { type ChoiceState, choiceStates } from '@pushfn/store/choices'
import type { Choice } from '@pushfn/store/rollback'
import type { ApiContext } from '../context.ts'

/** Who asked is answered after that at the latest; the controller goes on. */
const WAIT_MS = 60_000
/** A bell may get lost: the database is asked this often all the same. */
const LOOK_EVERY_MS = 1_000

/**
 * Makes choices, rings for the controller, and waits until callers reach what was chosen, or it is known why not. Throws
 * NOT_READY with the functions' own last words, CONFLICT when something newer came between.
 */
export const settleChoices = async (context: ApiContext, choose: () => Promise<Choice[]>): Promise<ChoiceView[]> => {
  const bells = channels(context.config.cloud)
  const heard = new Set<string>()
  let wake = Promise.withResolvers<void>()
  // Before anything is written, so that no bell is missed.
  const close = await context.bus.subscribe(bells.revisionSettled, (revision) => {
    heard.add(revision)
    wake.resolve()
  })
  try {
    const choices = await choose()
    for (const { functionId } of choices) void context.bus.publish(bells.functionWanted, functionId)
    const until = performance.now() + WAIT_MS
    for (;;) {
      const states = await choiceStates(context.db, choices)
      refuseIfLost(choices, states)
      const views = choices.map((choice) => viewOf(choice, states.get(choice.aliasId), heard))
      if (views.every((view) => view.state === 'live') || performance.now() > until) return views
      const timer = setTimeout(wake.resolve, LOOK_EVERY_MS)
      await wake.promise
      clearTimeout(timer)
      wake = Promise.withResolvers<void>()
    }
  } finally {
    close()
  }
}

const refuseIfLost = (choices: readonly Choice[], states: ReadonlyMap<string, ChoiceState>): void => {
  for (const { aliasId, name } of choices) {
    const state = states.get(aliasId)
    if (state?.kind === 'failed') {
      const hint = `function “${name}” ${state.reason}; what was live goes on serving, and stays pinned until the next push`
      throw new AppError('NOT_READY', `the chosen revision of ${name} did not get ready`, { function: name, hint })
    }
    if (state?.kind === 'overtaken') {
      const hint = `a newer push or another choice moved “${name}” meanwhile: look at its revisions`
      throw new AppError('CONFLICT', `the choice for ${name} was overtaken`, { function: name, hint })
    }
  }
}

/** The alias moves a moment before the gateways do: the bell says that they did. */
const viewOf = (choice: Choice, state: ChoiceState | undefined, heard: ReadonlySet<string>): ChoiceView => {
  const isSettled =
    state?.kind === 'live' && (heard.has(choice.revisionId) || Date.now() - state.since.getTime() > LOOK_EVERY_MS)
  const { name, revisionId, sha } = choice
  return { function: name, revision: revisionId, sha, state: isSettled ? 'live' : 'deploying' }
}
