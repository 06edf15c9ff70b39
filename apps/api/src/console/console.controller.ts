import { Controller, Get, Inject, type OnModuleInit, Param, Req, Res } from '@nestjs/common'
import { AppError } from '@pushfn/model/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { type ConsoleFile, DEFAULT_CONSOLE_DIR, readConsoleFiles } from './console-files.ts'
import { CONSOLE_POLICY } from './security-headers.ts'

/** Serves the built console: one page for all its addresses, and the page's files, whose names change with what is in them. */
@Controller()
export class ConsoleController implements OnModuleInit {
  readonly #context: ApiContext
  #files: ReadonlyMap<string, ConsoleFile> = new Map()

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  async onModuleInit(): Promise<void> {
    const folder = this.#context.config.consoleDir ?? DEFAULT_CONSOLE_DIR
    this.#files = await readConsoleFiles(folder)
    if (!this.#files.has('index.html'))
      this.#context.log.warn({ folder }, 'the console was not built: it is not served')
  }

  @Get(['/', 'functions', 'functions/*', 'builds', 'builds/*', 'deliveries', 'login', 'new'])
  page(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#send('index.html', 'no-cache', request, reply)
  }

  @Get('favicon.svg')
  icon(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#send('favicon.svg', 'public, max-age=86400', request, reply)
  }

  @Get('assets/:file')
  asset(@Param('file') file: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    return this.#send(`assets/${file}`, 'public, max-age=31536000, immutable', request, reply)
  }

  #send(path: string, caching: string, request: FastifyRequest, reply: FastifyReply) {
    const file = this.#files.get(path)
    if (!file) throw new AppError('NOT_FOUND', `no file ${path}`, { hint: 'there is no such page' })
    reply
      .headers({ 'cache-control': caching, 'content-security-policy': CONSOLE_POLICY, vary: 'accept-encoding' })
      .header('etag', file.etag)
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    if (takesGzip && file.gzipped) return reply.header('content-encoding', 'gzip').type(file.type).send(file.gzipped)
    return reply.type(file.type).send(file.body)
  }
}
