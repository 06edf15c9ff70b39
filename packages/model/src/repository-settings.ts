import { z } from 'zod'
import { promotionFrom } from './promotion.ts'

/** What git allows as a branch's name (git-check-ref-format), a little narrower. */
const BRANCH = /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[^\p{C}\p{Z}~^:?*[\\]+(?<![/.])$/u

export const BranchName = z.string().max(200).regex(BRANCH, 'no branch of git can be named so')

const EnvironmentName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'no name of an environment variable')

/** What previews of pull requests are like. */
export const PreviewSettings = z.strictObject({
  isOn: z.boolean().optional().describe('Whether pull requests have previews; they have.'),
  environment: z
    .record(EnvironmentName, z.string().max(4_096))
    .refine((environment) => Object.keys(environment).length <= 100, 'at most 100 variables')
    .optional()
    .describe('Laid over the environment of each function.'),
  expiresAfterDays: z
    .number()
    .int()
    .min(1)
    .max(365)
    .optional()
    .describe('Days after its last commit when a preview goes, though its pull request is open; 14 without it.'),
})
export type PreviewSettings = z.infer<typeof PreviewSettings>

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
  promote: Promote.optional().describe(
    '“tag v*” or “release v*”: such tags move live; pushes are built, and have the URLs of their commits alone.',
  ),

  roots: Roots.optional().describe('Folders with a stack.yml of their own each; else the repository itself.'),
  ignore: Ignore.optional().describe(
    'Patterns as of a .dockerignore: a push that changes such files alone since what is live is not built.',
  ),
})
export type RepositorySettings = z.infer<typeof RepositorySettings>
