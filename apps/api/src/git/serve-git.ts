import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { AppError } from '@pushfn/model/errors'
import { RepositoryName } from '@pushfn/model/names'
import { builtinRepository, ensureBuiltinRepository, type Repository } from '@pushfn/store/repositories'
import { tenantBySlug } from '@pushfn/store/tenants'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext } from '../context.ts'
import { acceptPush } from './accept-push.ts'
import { authorizeTenant, credentialOf, isCheckout, notFound } from './authorize.ts'
import { type BackendAnswer, callHttpBackend } from './http-backend.ts'
import { withProgress } from './receive-pack-answer.ts'
import { RefCommandReader } from './ref-commands.ts'
import { ensureBareRepository } from './repositories-on-disk.ts'

const PATH = /^\/git\/([a-z0-9-]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/

/** The longest that one Git request may take: a push waits in it for its build. */
const REQUEST_LIMIT_MS = 3_600_000

/**
 * The builtin forge: Git's smart HTTP over `git http-backend`. A push makes the repository when it is new, and its answer
 * carries the build as it runs. Source: gitprotocol-http(5).
 */
export const serveGit = async (context: ApiContext, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
  const url = new URL(request.raw.url ?? '/', 'http://api')
  const [, slug, name, path] = PATH.exec(url.pathname) ?? []
  const repositoryName = RepositoryName.safeParse(name)
  if (!slug || !path || !repositoryName.success) throw notFound()
  const isPush = path === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack'

  const { repository, user } = await authorize(context, { slug, name: repositoryName.data, isPush }, request)
  const folder = await ensureBareRepository(context.config.dataDir, repository.id)
  const gone = new AbortController()
  reply.raw.on('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(REQUEST_LIMIT_MS)])

  const commands = new RefCommandReader()
  const answer = await callHttpBackend({
    folder,
    path,
    method: request.method,
    query: url.search.slice(1),
    contentType: request.headers['content-type'],
    contentEncoding: undefined,
    protocol: firstOf(request.headers['git-protocol']),
    user,
    mayPush: isPush,
    maxPushBytes: context.config.maxPushBytes,
    body: bodyOf(request, path === '/git-receive-pack' ? commands : new PassThrough()),
    signal,
  })
  const body =
    path === '/git-receive-pack' && answer.status === 200
      ? withProgress(answer.body, (taken) =>
          acceptPush(context, { repository, user, folder, commands: commands.commands, taken, signal }),
        )
      : answer.body
  await send(reply, answer, body)
}

const authorize = async (
  context: ApiContext,
  target: { slug: string; name: RepositoryName; isPush: boolean },
  request: FastifyRequest,
): Promise<{ repository: Repository; user: string }> => {
  const credential = credentialOf(request.headers.authorization)
  if (!target.isPush) {
    const owner = await tenantBySlug(context.db, target.slug)
    const repository = owner && (await builtinRepository(context.db, owner.id, target.name))
    if (repository && isCheckout(context, repository, credential)) return { repository, user: 'builder' }
  }
  const tenant = await authorizeTenant(context, target, credential)
  const repository = target.isPush
    ? await ensureBuiltinRepository(context.db, tenant.id, target.name)
    : await builtinRepository(context.db, tenant.id, target.name)
  if (!repository) throw notFound()
  return { repository, user: tenant.slug }
}

/** The request's body, unpacked when the client packed it: the refs in it are to be read on the way. */
const bodyOf = (request: FastifyRequest, through: RefCommandReader | PassThrough): Readable => {
  const packed = request.headers['content-encoding']
  if (packed !== undefined && packed !== 'gzip' && packed !== 'x-gzip' && packed !== 'identity') {
    throw new AppError('BAD_REQUEST', `content-encoding ${packed}`, { hint: 'only gzip is understood' })
  }
  const streams = packed && packed !== 'identity' ? [request.raw, createGunzip(), through] : [request.raw, through]
  // What breaks on the way ends `through`, and with it git's input: git then refuses the push.
  pipeline(streams).catch(() => through.destroy())
  return through
}

/** Streams past the framework: an answer may last as long as a build. */
const send = async (reply: FastifyReply, answer: BackendAnswer, body: AsyncIterable<Buffer>): Promise<void> => {
  reply.hijack()
  reply.raw.writeHead(answer.status, { ...answer.headers, 'cache-control': 'no-store' })
  try {
    await pipeline(Readable.from(body, { objectMode: false }), reply.raw)
  } catch (err) {
    reply.raw.destroy()
    if (!isGone(err)) throw err
  }
}

const isGone = (err: unknown): boolean =>
  err instanceof Error && (err.name === 'AbortError' || ('code' in err && err.code === 'ERR_STREAM_PREMATURE_CLOSE'))

const firstOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header

/** What a Git client gets for an error: plain text, and the demand for a password with a 401. */
export const gitProblem = (error: AppError): { status: number; headers: Record<string, string>; body: string } => ({
  status: error.status,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    ...(error.code === 'UNAUTHENTICATED' && { 'www-authenticate': 'Basic realm="pushfn", charset="UTF-8"' }),
  },
  body: `${error.hint ?? 'the request failed'}\n`,
})
