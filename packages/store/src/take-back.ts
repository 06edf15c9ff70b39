import { LIVE } from '@pushfn/model/alias'
import { STACK_CONTEXT } from '@pushfn/model/deploy-status'
import { AppError } from '@pushfn/model/errors'
import type { Transaction } from './database.ts'
import type { Build, Push, Report } from './generated/client.ts'
import { Released } from './kept-of-commit.ts'
import { wantReports } from './reports.ts'
import { type Choice, choose, stay } from './rollback.ts'
import { nextSequence } from './sequences.ts'
import { revisionBefore } from './targets.ts'

/** How the words on a check begin whose deploy was taken back. */
export const ROLLED_BACK = 'rolled back'

export interface TakeBackFacts {
  repositoryId: string
  /** The build that the check is of, the check's name, and the commit that it is on. */
  buildId: string
  check: string
  sha: string
  /** Who asks for it. */
  by: string
}

export type TakenBack = { kind: 'moved'; choices: Choice[] } | { kind: 'ignored'; reason: string }

/**
 * Takes back what a build brought live: of the function of one of its checks, or of all its functions when the check is the
 * stack's. Each goes to what was live before, and is pinned, as by `rollBack`; what the build left as it was, or something
 * newer moved since, stays. The check says so, and so do the deployments. Said twice it is as said once.
 */
export const takeBack = async (tx: Transaction, facts: TakeBackFacts): Promise<TakenBack> => {
  const build = await tx.build.findFirst({
    where: { id: facts.buildId, push: { repositoryId: facts.repositoryId, sha: facts.sha } },
    include: { push: true, reports: true },
  })
  if (build?.state !== 'live' || build.target !== null || build.isStaged) {
    return { kind: 'ignored', reason: 'nothing live is of that check' }
  }
  const of = functionOfCheck(build.reports, facts.check)
  if (!of) return { kind: 'ignored', reason: 'nothing here is of that check' }
  const sequence = await nextSequence(tx, facts.repositoryId)
  const moved = await movedBy(tx, build, of.function)
  const choices: Choice[] = []
  const left: string[] = []
  for (const fn of moved) {
    const held = { ...fn, repositoryId: facts.repositoryId, sequence }
    const before = await revisionBefore(tx, held).catch(nothingBefore)
    if (before) choices.push(await choose(tx, held, before))
    else left.push(fn.name)
  }
  const [first] = choices
  if (!first) return { kind: 'ignored', reason: whyNothing(facts, left) }
  if (of.function === undefined) await pinTheRest(tx, { ...facts, sequence }, choices)
  await tell(tx, { build, of, choices, by: facts.by })
  return { kind: 'moved', choices }
}

interface OfCheck {
  /** Undefined: the whole stack. */
  function: string | undefined
  context: string
  /** In front of every context, as the operators chose. */
  prefix: string
}

/** The shortest context that ends as the stack's is the stack's: a function's name may end so as well. */
const functionOfCheck = (reports: readonly Report[], check: string): OfCheck | undefined => {
  const contexts = reports.filter(({ environment }) => environment === null).map(({ context }) => context)
  const [stack] = contexts.filter((one) => one.endsWith(STACK_CONTEXT)).toSorted((a, b) => a.length - b.length)
  if (stack === undefined || !contexts.includes(check)) return undefined
  const prefix = stack.slice(0, -STACK_CONTEXT.length)
  return { function: check === stack ? undefined : check.slice(prefix.length), context: check, prefix }
}

interface MovedRow {
  id: string
  name: string
}

/** The functions that are live, or on their way there, as this build brought them; held, in everybody's order. */
const movedBy = async (tx: Transaction, build: Build, only: string | undefined): Promise<MovedRow[]> => {
  const released = Released.parse(build.released ?? {})
  const names = Object.keys(released).filter((name) => only === undefined || name === only)
  const rows = await tx.$queryRaw<(MovedRow & { wanted: string | null; buildId: string; deployedAt: Date | null })[]>`
    SELECT f.id, f.name, coalesce(a.wanted_revision_id, a.revision_id) AS wanted, r.build_id AS "buildId",
      r.deployed_at AS "deployedAt"
    FROM functions f JOIN aliases a ON a.function_id = f.id AND a.name = ${LIVE}
      JOIN pushes p ON p.id = ${build.pushId}::uuid AND p.repository_id = f.repository_id
      JOIN revisions r ON r.id = coalesce(a.wanted_revision_id, a.revision_id)
    WHERE f.name = ANY(${names}::text[]) AND f.removed_at IS NULL
    ORDER BY f.name COLLATE "C" FOR UPDATE OF f`
  return rows
    .filter((row) => row.wanted === released[row.name])
    .filter((row) => row.buildId === build.id || isPromotedBy(build, row))
    .map(({ id, name }) => ({ id, name }))
}

/** A tag's build brings revisions of an older one: those that went live since it began. */
const isPromotedBy = ({ startedAt }: Build, { deployedAt }: { deployedAt: Date | null }): boolean =>
  startedAt !== null && deployedAt !== null && deployedAt >= startedAt

const nothingBefore = (thrown: unknown): undefined => {
  if (thrown instanceof AppError && thrown.code === 'CONFLICT') return undefined
  throw thrown
}

const whyNothing = ({ sha }: TakeBackFacts, left: readonly string[]): string => {
  const [name] = left
  if (name !== undefined) return `nothing that is kept of “${name}” was live before ${sha.slice(0, 8)}`
  return `${sha.slice(0, 8)} is not what is live any more: there is nothing to roll back`
}

/** As after a stack's rollback by the API: what was pushed before brings nothing of it. */
const pinTheRest = async (
  tx: Transaction,
  { repositoryId, sequence }: { repositoryId: string; sequence: bigint },
  choices: readonly Choice[],
): Promise<void> => {
  const chosen = choices.map(({ functionId }) => functionId)
  const rest = await tx.$queryRaw<MovedRow[]>`
    SELECT id, name FROM functions
    WHERE repository_id = ${repositoryId}::uuid AND removed_at IS NULL AND NOT (id = ANY(${chosen}::uuid[]))
    ORDER BY name COLLATE "C" FOR UPDATE`
  for (const fn of rest) await stay(tx, { ...fn, repositoryId, sequence })
  await tx.repository.update({ where: { id: repositoryId }, data: { pinnedSequence: sequence } })
}

type FullBuild = Build & { push: Push; reports: Report[] }

/** On the checks of what was taken back; when that is the whole stack, its deployment is over, and the one before counts again. */
const tell = async (
  tx: Transaction,
  { build, of, choices, by }: { build: FullBuild; of: OfCheck; choices: readonly Choice[]; by: string },
): Promise<void> => {
  const words = ({ sha }: Choice) => `${ROLLED_BACK} by ${by} to ${sha.slice(0, 8)}`
  const reports = choices.map((choice) => ({ context: `${of.prefix}${choice.name}`, description: words(choice) }))
  const isWhole = of.function === undefined || Object.keys(Released.parse(build.released ?? {})).length === 1
  const [first] = choices
  if (isWhole && first) reports.push({ context: `${of.prefix}${STACK_CONTEXT}`, description: words(first) })
  const known = new Map(build.reports.map((report) => [report.context, report]))
  await wantReports(
    tx,
    build.id,
    reports.flatMap(({ context, description }) => {
      const before = known.get(context)
      return before ? [{ context, state: 'success' as const, description, ...urlOf(before) }] : []
    }),
  )
  const deployment = build.reports.find(({ environment }) => environment !== null)
  if (!isWhole || !first || !deployment) return
  const { context, environment } = deployment
  const over = { context, environment: environment ?? '', state: 'success' as const, description: words(first) }
  await wantReports(tx, build.id, [{ ...over, isOver: true, ...urlOf(deployment) }])
  const again = await tx.report.findFirst({
    where: {
      context,
      forgeId: { not: null },
      build: { push: { repositoryId: build.push.repositoryId, sha: first.sha } },
    },
    orderBy: { build: { createdAt: 'desc' } },
  })
  if (!again || again.buildId === build.id) return
  const description = `live again: ${by} rolled back from ${build.push.sha.slice(0, 8)}`
  await wantReports(tx, again.buildId, [{ ...over, description, ...urlOf(again) }])
}

const urlOf = ({ targetUrl }: Report) => (targetUrl === null ? {} : { targetUrl })
