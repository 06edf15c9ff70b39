import { All, Controller, Inject, Req, Res } from '@nestjs/common'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ApiContext, CONTEXT } from '../context.ts'
import { serveGit } from './serve-git.ts'

@Controller('git')
export class GitController {
  readonly #context: ApiContext

  constructor(@Inject(CONTEXT) context: ApiContext) {
    this.#context = context
  }

  /** `/git/<tenant>/<repository>.git/…`, Git's smart HTTP protocol. */
  @All('*')
  serve(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return serveGit(this.#context, request, reply)
  }
}
