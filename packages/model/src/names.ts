import { z } from 'zod'
import { plain, quote } from './quote.ts'

/**
 * The names people choose. A tenant's slug and a function's name are both DNS labels; neither can hold the characters
 * that join them (`.` in the engine, `--` in host names), so that two pairs can never meet in one name.
 */
const label = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/

/** First path segments of a tenant's host, and host labels of the cloud, that are the cloud's own. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'function',
  'async-function',
  'system',
  'healthz',
  'readyz',
  'metrics',
  'console',
  'api',
  'admin',
  'www',
  'git',
  'webhooks',
  'pushfn',
  // The context of the whole stack's status, beside which each function has one of its own name.
  'stack-deploy',
])

/** Why a name cannot be a DNS label of ours, or undefined when it can. `what` begins the sentence. */
export const nameProblem = (what: string, name: string, maxLength = 63): string | undefined => {
  if (name.length === 0) return `${what} is empty`
  if (name.length > maxLength) return `${what} “${plain(name, 20)}” is longer than ${maxLength} characters`
  if (!label.test(name)) {
    return `${what} ${quote(name)} is no DNS label: lower-case letters, digits and “-” only, not first or last`
  }
  if (name.includes('--')) return `${what} “${name}” holds “--”, which is kept for previews and revisions`
  if (RESERVED_NAMES.has(name)) return `${what} “${name}” is reserved`
  return undefined
}

const named = (what: string, maxLength = 63) =>
  z
    .string()
    .superRefine((name, ctx) => {
      const problem = nameProblem(what, name, maxLength)
      if (problem) ctx.addIssue({ code: 'custom', message: problem })
    })
    // What JSON Schema can say of it.
    .meta({ pattern: label.source, maxLength })

/** A tenant's DNS label. Short enough that `<8 hex>--<slug>` is a DNS label as well. */
export const TenantSlug = named('the tenant name', 53).brand<'TenantSlug'>()
export type TenantSlug = z.infer<typeof TenantSlug>

/** A function's name, unique within its tenant. */
export const FunctionName = named('the function name').brand<'FunctionName'>()
export type FunctionName = z.infer<typeof FunctionName>

/** A repository's name as forges allow it; never used as a path or a DNS label unescaped. */
export const RepositoryName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'a repository name has letters, digits, “.”, “_” and “-”')
  .refine((name) => !name.endsWith('.git') && !name.endsWith('.lock') && !name.includes('..'), 'not a repository name')
  .brand<'RepositoryName'>()
export type RepositoryName = z.infer<typeof RepositoryName>

/**
 * The slug for a forge's login: lower case, what no label holds becomes `-`, runs of `-` become one. The caller makes
 * it unique. Returns undefined when nothing is left of it.
 */
export const slugFrom = (login: string): TenantSlug | undefined => {
  const slug = login
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 53)
    .replace(/-+$/, '')
  const parsed = TenantSlug.safeParse(slug)
  return parsed.success ? parsed.data : undefined
}
