import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { CheckoutSource } from '@pushfn/forge/forge'
import { forgeRepository } from '@pushfn/forge/forge-repository'
import { forgeOf } from '@pushfn/forge/forges'
import { AppError } from '@pushfn/model/errors'
import type { Repository } from '@pushfn/store/repositories'
import type { Tenant } from '@pushfn/store/tenants'
import type { ApiContext } from '../context.ts'
import { gitEnvironment, repositoryFolder } from './repositories-on-disk.ts'

const execute = promisify(execFile)
const LIMIT_MS = 20_000
const MAX_BYTES = 1_048_576

export interface ResolvedRef {
  /** `refs/heads/main` */
  ref: string
  sha: string
}

/**
 * Where a branch or else a tag of that name stands now; `refs/…` names one wholly. Undefined when there is none. Asks our
 * own disk, or the forge by git itself, which every forge speaks. Throws FORGE_FAILED when the forge does not answer.
 */
export const resolveRef = async (
  context: ApiContext,
  repository: Repository & { tenant: Tenant },
  name: string,
  limitMs = LIMIT_MS,
): Promise<ResolvedRef | undefined> => {
  const candidates = name.startsWith('refs/') ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`]
  // What else a forge has is not the repository's own: a pull request's head is anybody's.
  if (!candidates.every((ref) => /^refs\/(?:heads|tags)\//.test(ref))) return undefined
  const found = repository.forge === 'builtin' ? refsHere : refsThere
  const refs = await found(context, repository, { names: candidates, limitMs })
  for (const ref of candidates) {
    // A tag with a message is an object of its own: the commit is behind it.
    const sha = refs.get(`${ref}^{}`) ?? refs.get(ref)
    if (sha && /^[0-9a-f]{40}$/.test(sha)) return { ref, sha }
  }
  return undefined
}

type FindRefs = (
  context: ApiContext,
  repository: Repository & { tenant: Tenant },
  asked: { names: readonly string[]; limitMs: number },
) => Promise<Map<string, string>>

const refsHere: FindRefs = async ({ config }, repository, { names, limitMs }) => {
  const folder = repositoryFolder(config.dataDir, repository.id)
  // It ends with 1 when there is none of them.
  const { stdout } = await execute('git', ['-C', folder, 'show-ref', '--dereference', '--', ...names], {
    env: gitEnvironment(),
    timeout: limitMs,
    maxBuffer: MAX_BYTES,
  }).catch(() => ({ stdout: '' }))
  return refsOf(stdout)
}

const refsThere: FindRefs = async (context, repository, { names, limitMs }) => {
  const signal = AbortSignal.timeout(limitMs)
  const source = await forgeOf(context.forges, repository.forge).checkoutSource(forgeRepository(repository), signal)
  const asked = ['ls-remote', '--quiet', '--', source.url, ...names, ...names.map((name) => `${name}^{}`)]
  try {
    const { stdout } = await execute('git', [...CONFIGURATION, ...asked], {
      env: { ...gitEnvironment(), ...withHeader(context, source) },
      signal,
      maxBuffer: MAX_BYTES,
    })
    return refsOf(stdout)
  } catch (cause) {
    throw new AppError('FORGE_FAILED', `refs of ${repository.forge} cannot be listed`, {
      cause,
      hint: `${repository.forge} did not say where its branches stand: try again`,
    })
  }
}

/** Only the forge itself is spoken to, wherever it would send us. */
const CONFIGURATION = Object.entries({
  'protocol.allow': 'never',
  'protocol.https.allow': 'always',
  'protocol.http.allow': 'always',
  'http.followRedirects': 'false',
  'credential.helper': '',
}).flatMap(([key, value]) => ['-c', `${key}=${value}`])

/** A secret: in the environment, never among the arguments, where any process could read it. */
const withHeader = ({ config }: ApiContext, { authorization }: CheckoutSource): Record<string, string> => ({
  ...(config.caFile && { GIT_SSL_CAINFO: config.caFile }),
  ...(authorization && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: ${authorization}`,
  }),
})

/** Name → object, of lines `<object> <name>`. */
const refsOf = (lines: string): Map<string, string> =>
  new Map(
    lines.split('\n').flatMap((line): [string, string][] => {
      const [sha, name] = line.split(/\s+/)
      return sha && name ? [[name, sha]] : []
    }),
  )
