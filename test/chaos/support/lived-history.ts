import { setTimeout as sleep } from 'node:timers/promises'
import { NO_COMMIT } from '@pushfn/model/ids'
import { expect } from 'vitest'
import type { Deed } from '../../support/where-live-ends.ts'
import type { AppName, World } from '../../support/world.ts'
import { openChoices } from './choices.ts'
import type { Ledger } from './ledger.ts'
import { aGithubProject } from './project.ts'

/** A move of the branch, with the webhook that tells of it. */
interface Move {
  marker: string
  before: string
  sha: string
  delivery: string
  isTold: boolean
}

/** The function of one GitHub project, to which things happen one after the other while builds and deploys go on. */
export interface LivedHistory extends AsyncDisposable {
  /** What the specification is about. */
  readonly deeds: readonly Deed[]
  /** `late`: its webhook comes some time after those of later pushes. `cut`: the api dies while it takes it. */
  push(how: 'told' | 'late' | 'cut'): Promise<void>
  /** Back by force to the commit of an earlier move. */
  force(which: number): Promise<void>
  /** No webhook comes from now on. */
  hold(): void
  /** What did not come comes, in the order of the keys. */
  release(keys: readonly number[]): Promise<void>
  /** A webhook that was taken comes again. */
  redeliver(which: number): Promise<void>
  /** Resolves when the choice is made or refused, and not only when it is live. */
  rollBack(): Promise<void>
  promote(which: number): Promise<void>
  unpin(): Promise<void>
  /** SIGKILL; resolves while it starts again. */
  kill(app: AppName): Promise<void>
  /** Time passes; until all that was told is built and live when no time is given. */
  rest(ms?: number): Promise<void>
  /** Everything runs, and was told, the newest first, and built. */
  comeToRest(): Promise<void>
  answer(): Promise<string>
  /** The marker that a place of `live` answers with. */
  markerOf(place: { sha: string } | { revisionId: string } | undefined): Promise<string>
  /** A line of its own about what happened. */
  note(text: string): void
  /** All that happened, a line each, for people, and what became of it. */
  told(): Promise<string>
}

const BUILT_MS = 90_000

export const liveHistory = async (world: World, ledger: Ledger, login: string): Promise<LivedHistory> => {
  const { webhooks } = world.github
  const project = await aGithubProject(world, login)
  // Which webhook comes when is said one by one.
  webhooks.hold()
  const begun = Date.now()
  const lines: string[] = []
  const note = (text: string) => void lines.push(`${((Date.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${text}`)
  const moves: Move[] = []
  const deeds: Deed[] = []
  const starting = new Map<AppName, Promise<void>>()
  let isHolding = false
  const head = () => moves.at(-1)?.sha ?? NO_COMMIT
  const untold = () => moves.filter((move) => !move.isTold)
  const nameOf = ({ sha, marker }: Pick<Move, 'sha' | 'marker'>) => `${marker} (${sha.slice(0, 8)})`

  const kill = async (app: AppName) => {
    await starting.get(app)
    const { pid } = world.app(app)
    await world.app(app).stop({ signal: 'SIGKILL' })
    note(`${app} is killed`)
    // As if the 15 s had passed that its leases hold.
    const ended = await ledger.db.$executeRaw`
      UPDATE builds SET lease_until = now() WHERE lease_owner LIKE ${`%/${pid}/%`} AND lease_until > now()`
    if (ended > 0) note(`which held ${ended} builds`)
    starting.set(app, world.start(app))
  }

  /** As GitHub's operators do with what got no answer: it is sent until it is taken. */
  const deliver = async (move: Move, isCut = false) => {
    let first = isCut ? webhooks.redeliver(move.delivery) : undefined
    if (isCut) await kill('api')
    for (;;) {
      const { status = 0, body = '' } = await (first ?? webhooks.redeliver(move.delivery))
      first = undefined
      note(`webhook of ${move.before.slice(0, 8)} → ${nameOf(move)}: ${status || 'no answer'} ${body.slice(0, 200)}`)
      if (status >= 200 && status < 300) return
      if (status > 0) throw new Error(`a webhook was answered with ${status} ${body}`)
      await starting.get('api')
    }
  }
  const tell = async (batch: readonly Move[], isCut = false) => {
    // What comes late of what was made before is no news.
    const newest = moves.at(-1)
    if (newest && batch.includes(newest)) deeds.push({ kind: 'push', sha: newest.sha })
    for (const move of batch) {
      await deliver(move, isCut)
      move.isTold = true
    }
  }
  const moved = async (marker: string, sha: string, how: 'told' | 'late' | 'cut') => {
    await world.github.settled()
    const delivery = webhooks.deliveries.findLast(({ event }) => event === 'push')
    if (delivery?.payload.after !== sha) throw new Error(`GitHub does not tell of ${sha}`)
    const move = { marker, before: head(), sha, delivery: delivery.guid, isTold: false }
    moves.push(move)
    // While more than one is missing, the order in which webhooks come decides, and nothing is specified.
    const isLate = isHolding || (how === 'late' && untold().length === 1)
    note(`push of ${nameOf(move)}${isLate ? ', told of later' : ''}`)
    if (!isLate) await tell([move], how === 'cut')
  }

  /** No build is open, and the controller has nothing to bring live. */
  const untilBuilt = async () => {
    await ledger.untilEnded(BUILT_MS)
    const underWay = () =>
      ledger.db.$queryRaw`
        SELECT aliases.name FROM aliases
          JOIN functions ON functions.id = aliases.function_id JOIN tenants ON tenants.id = functions.tenant_id
        WHERE tenants.slug = ${login} AND wanted_revision_id IS DISTINCT FROM revision_id`
    await expect.poll(underWay, { timeout: BUILT_MS }).toEqual([])
  }

  const choices = openChoices({ world, ledger, tenant: login, note, whenUp: () => starting.get('api') })
  const choose = async (what: string, path: 'rollback' | 'promote', body: object) => {
    const revisionId = await choices.choose(what, path, body)
    if (revisionId === undefined) return
    deeds.push({ kind: 'choice', revisionId })
    note(`${what}: chosen ${await markerOf({ revisionId })}`)
  }
  const markerOf: LivedHistory['markerOf'] = async (place) => {
    if (!place) return 'HTTP 404'
    const sha =
      'sha' in place ? place.sha : (await ledger.db.revision.findUniqueOrThrow({ where: { id: place.revisionId } })).sha
    return moves.find((move) => move.sha === sha)?.marker ?? sha
  }

  return {
    deeds,
    push: async (how) => {
      const marker = `m-${moves.length + 1}`
      const { sha, code, output } = await project.push(marker)
      if (code !== 0) throw new Error(output)
      await moved(marker, sha, how)
    },
    force: async (which) => {
      const to = moves[which % Math.max(moves.length, 1)]
      // The same move once more is not told from a webhook that comes twice, unless the move back came between.
      const isKnown = moves.some(({ before, sha }) => before === head() && sha === to?.sha)
      if (!to || to.sha === head() || isKnown) return
      await project.copy.git('reset', '--quiet', '--hard', to.sha)
      const { code, output } = await project.copy.push(project.gitUrl, 'main', '--force')
      if (code !== 0) throw new Error(output)
      await moved(to.marker, to.sha, 'told')
    },
    hold: () => {
      isHolding = true
      note('webhooks are held back')
    },
    release: async (keys) => {
      isHolding = false
      const keyed = untold().map((move, n) => ({ move, key: keys[n] ?? n }))
      await tell(keyed.toSorted((a, b) => a.key - b.key).map(({ move }) => move))
    },
    redeliver: async (which) => {
      const told = moves.filter((move) => move.isTold)
      const again = told[which % Math.max(told.length, 1)]
      if (again) await deliver(again)
    },
    rollBack: () => choose('rollback', 'rollback', {}),
    promote: async (which) => {
      const where = { function: { tenant: { slug: login } } }
      const revisions = await ledger.db.revision.findMany({ where, orderBy: { createdAt: 'asc' } })
      const revision = revisions[which % Math.max(revisions.length, 1)]
      if (!revision) return
      const what = `promotion of ${await markerOf({ revisionId: revision.id })}`
      await choose(what, 'promote', { revision: revision.id })
    },
    unpin: async () => {
      deeds.push({ kind: 'unpin' })
      await choices.unpin()
    },
    kill,
    rest: async (ms) => void (await (ms === undefined ? untilBuilt() : sleep(ms))),
    comeToRest: async () => {
      await Promise.all(starting.values())
      isHolding = false
      await tell(untold().toReversed())
      await choices.answered()
      await untilBuilt()
    },
    answer: () => project.answer(),
    markerOf,
    note,
    told: async () => {
      const where = { push: { repository: { tenant: { slug: login } } } }
      const builds = await ledger.db.build.findMany({ where, orderBy: { createdAt: 'asc' }, include: { push: true } })
      const ends = builds.map(
        ({ push, state, failure }) => `${push.message} as ${push.sequence}: ${state} ${JSON.stringify(failure) ?? ''}`,
      )
      return [...lines, 'and builds in the end, by sequence:', ...ends].join('\n')
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled([...starting.values(), choices.answered()])
      await webhooks.release(() => [])
      await project[Symbol.asyncDispose]()
    },
  }
}
