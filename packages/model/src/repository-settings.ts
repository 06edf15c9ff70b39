import { z } from 'zod'
import { AliasName, CANARY, COMMIT_ALIAS, LIVE } from './alias.ts'
import { PREVIEW_PLACE } from './build-target.ts'
import { promotionFrom } from './promotion.ts'
import { SecretName } from './secret.ts'

/** What git allows as a branch's name (git-check-ref-format), a little narrower. */
const BRANCH = /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[^\p{C}\p{Z}~^:?*[\\]+(?<![/.])$/u

export const BranchName = z.string().max(200).regex(BRANCH, 'no branch of git can be named so')

const VariableName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'no name of an environment variable')

/** No environment of a process can hold U+0000, and no database of ours it or half a surrogate pair. */
const VariableValue = z
  .string()
  .max(4_096)
  .regex(/^[^\0\p{Cs}]*$/u, 'no value of an environment variable')

const Variables = z
  .record(VariableName, VariableValue)
  .refine((environment) => Object.keys(environment).length <= 100, 'at most 100 variables')

const Secrets = z.array(SecretName).max(100)

/** What previews of pull requests are like. */
export const PreviewSettings = z.strictObject({
  isOn: z.boolean().optional().describe('Whether pull requests have previews; they have.'),
  environment: Variables.optional().describe('Laid over the environment of each function.'),
  secrets: Secrets.optional().describe('Of the secrets that its functions name, those that they get there; else none.'),
  expiresAfterDays: z
    .number()
    .int()
    .min(1)
    .max(365)
    .optional()
    .describe('Days after its last commit when a preview goes, though its pull request is open; 14 without it.'),
})
export type PreviewSettings = z.infer<typeof PreviewSettings>

/** Names that mean something else where an environment's name stands: in hosts, statuses and deployments. */
const TAKEN = new Set<string>([LIVE, CANARY, PREVIEW_PLACE, 'production'])

const EnvironmentName = z.string().check((given) => {
  const { success } = AliasName.safeParse(given.value)
  const isFree = !TAKEN.has(given.value) && !COMMIT_ALIAS.test(given.value) && !/^pr-\d/.test(given.value)
  const message = !success
    ? 'an environment’s name is a DNS label without “--”'
    : `“${given.value}” means something else already: name the environment otherwise`
  if (!success || !isFree) given.issues.push({ code: 'custom', message, input: given.value })
})

/** Where the pushes of a branch go that is not the one that deploys. */
export const EnvironmentSettings = z.strictObject({
  branch: BranchName.describe('The branch whose pushes go there.'),
  environment: Variables.optional().describe('Laid over the environment of each function.'),
  secrets: Secrets.optional().describe('Of the secrets that its functions name, those that they get there; else none.'),
})

const Environments = z
  .record(EnvironmentName, EnvironmentSettings)
  .refine((environments) => Object.keys(environments).length <= 10, 'at most 10 environments')
  .refine((environments) => {
    const branches = Object.values(environments).map(({ branch }) => branch)
    return new Set(branches).size === branches.length
  }, 'two environments have one branch')

/** A folder of the repository, `.` for the repository itself; it stays inside, and is told in one way. */
const Root = z
  .string()
  .max(200)
  .regex(/^[^\p{C}\\]*$/u, 'a folder’s path has no control characters')
  .transform((path) => path.split('/').filter((part) => part !== '' && part !== '.'))
  .refine((parts) => !parts.includes('..') && !parts.some((part) => part.toLowerCase() === '.git'), {
    message: 'a root is a folder inside the repository',
  })
  .transform((parts) => parts.join('/'))
  // Says what comes out, for the API's document.
  .pipe(z.string())

const Roots = z
  .array(Root)
  .min(1)
  .max(20)
  .refine((roots) => new Set(roots).size === roots.length, 'a root stands twice')

const Ignore = z
  .array(
    z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{C}]*$/u, 'a pattern has no control characters'),
  )
  .max(50)

/** A pattern fits some name that git allows: a slip is told at once, and not by a tag that moves nothing. */
const Promote = z
  .string()
  .max(200)
  .refine((setting) => {
    const pattern = promotionFrom(setting)?.pattern
    return pattern !== undefined && BRANCH.test(pattern.replace(/[*?]/g, 'x'))
  }, 'it is “tag PATTERN” or “release PATTERN”, as “tag v*”, and the pattern is one of names that git allows')

/**
 * What a tenant has settled about a repository: data, not configuration of the cloud. What is not there is as the
 * description says.
 */
export const RepositorySettings = z.strictObject({
  deployBranch: BranchName.optional().describe('The branch whose pushes deploy; else the repository’s default branch.'),
  isBadgePublic: z
    .boolean()
    .optional()
    .describe('Whether anybody may see the badges of its functions; else those of a public repository alone.'),
  previews: PreviewSettings.optional().describe('What previews of pull requests are like.'),
  environments: Environments.optional().describe(
    'By name, other places than production, each with the branch whose pushes go there: “staging” has `https://staging--<tenant>.…`.',
  ),
  promote: Promote.optional().describe(
    '“tag v*” or “release v*”: such tags move live; pushes are built, and have the URLs of their commits alone.',
  ),
  roots: Roots.optional().describe('Folders with a stack.yml of their own each; else the repository itself.'),
  ignore: Ignore.optional().describe(
    'Patterns as of a .dockerignore: a push that changes such files alone since what is live is not built.',
  ),
})
export type RepositorySettings = z.infer<typeof RepositorySettings>
