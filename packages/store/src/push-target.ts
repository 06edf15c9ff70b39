import { AliasName } from '@pushfn/model/alias'
import type { BuildTarget } from '@pushfn/model/build-target'
import { whyNotPromoted } from '@pushfn/model/promotion'
import type { PushTrigger, Repository } from './generated/client.ts'
import { promotionOf, tagOf } from './promotions.ts'
import { deployBranchOf } from './repositories.ts'
import { settingsOf } from './repository-settings.ts'

interface PushedRef {
  repository: Repository
  ref: string
  preview?: { target: BuildTarget }
}

interface Asked extends PushedRef {
  skip?: string | undefined
  trigger?: PushTrigger
}

const BRANCHES = 'refs/heads/'

/** Where a push goes when that is not `live`: a pull request's preview, or its branch's environment. */
export const targetOf = ({ repository, ref, preview }: PushedRef): BuildTarget | undefined =>
  preview?.target ?? environmentOf(repository, ref)

const environmentOf = (repository: Repository, ref: string): BuildTarget | undefined => {
  // The forge may have made an environment's branch the default one since: the one that deploys comes first.
  if (!ref.startsWith(BRANCHES) || ref === deployRefOf(repository)) return undefined
  const environments = Object.entries(settingsOf(repository).environments ?? {})
  const [name, settings] = environments.find(([, { branch }]) => ref === BRANCHES + branch) ?? []
  return name === undefined
    ? undefined
    : {
        alias: AliasName.parse(name),
        expiresAfterMs: null,
        environment: settings?.environment ?? {},
        secrets: settings?.secrets ?? [],
        isEnvironment: true,
      }
}

/** `refs/heads/<branch>` of the branch that deploys. */
export const deployRefOf = (repository: Repository): string => BRANCHES + deployBranchOf(repository)

/** The refs whose pushes are brought somewhere: of the branch that deploys, and of each environment's. */
export const watchedRefs = (repository: Repository): string[] => {
  const environments = Object.values(settingsOf(repository).environments ?? {})
  return [...new Set([deployRefOf(repository), ...environments.map(({ branch }) => BRANCHES + branch)])]
}

/** Whether the settings bring the ref's pushes anywhere. */
export const isBrought = (push: PushedRef): boolean =>
  tagOf(push.ref) !== undefined || push.ref === deployRefOf(push.repository) || targetOf(push) !== undefined

/** Why nothing is built of the newest push of a ref; undefined when something is. */
export const reasonToSkip = (push: Asked): string | undefined => {
  const { repository, ref, skip } = push
  const tag = tagOf(ref)
  // Whoever tags a commit wants it, whatever the commit's message says of its push.
  if (tag !== undefined) return whyTagMovesNothing(repository, tag)
  if (!isBrought(push)) {
    const branch = ref.replace(BRANCHES, '')
    return `skipping build for ${branch} branch: ${deployBranchOf(repository)} is the one that deploys`
  }
  return skip && `${skip} in the commit’s message: nothing is built`
}

/** Of one that is run again: the settings may be others by now. Of which kind it was does not count any more. */
const whyTagMovesNothing = (repository: Repository, tag: string): string | undefined => {
  const promotion = promotionOf(repository)
  return whyNotPromoted(promotion, { by: promotion?.by ?? 'tag', tag })
}

/** Where tags or releases promote, a branch alone moves nothing; what somebody asked for by hand goes live all the same. */
export const isStagedOnly = (push: Asked): boolean =>
  (push.trigger ?? 'push') === 'push' &&
  !targetOf(push) &&
  tagOf(push.ref) === undefined &&
  promotionOf(push.repository) !== undefined
