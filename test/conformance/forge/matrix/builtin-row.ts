import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBuiltin } from '@pushfn/forge/builtin/builtin'
import { signCheckoutToken, verifyCheckoutToken } from '@pushfn/forge/builtin/checkout-token'
import { gitCallOf, serveGit } from '../../../support/github/git-server.ts'
import { createBareRepository } from '../../../support/github/refs.ts'
import { createWorkingCopy } from '../../../support/github/working-copy.ts'
import type { ForgeUnderTest } from './forge-under-test.ts'

const KEY = 'a key for checkout tokens'

/** Our own Git server behind checkout tokens, as the api has it. It has no webhooks: pushes come in by Git itself. */
export const startBuiltinRow = async (): Promise<ForgeUnderTest> => {
  const root = await mkdtemp(join(tmpdir(), 'pushfn-builtin-'))
  const ids = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const call = gitCallOf(request, 'http://builtin.test')
    const id = call && ids.get(`${call.owner}/${call.name}`)
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    if (!call || !id || verifyCheckoutToken(token, KEY, Date.now()) !== id) return response.writeHead(403).end()
    const repository = { directory: join(root, `${id}.git`) } as Parameters<typeof serveGit>[0]['repository']
    await serveGit({ repository, call, pusher: undefined }, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const forge = createBuiltin({
    gitUrl: (owner, name) => `http://127.0.0.1:${port}/${owner}/${name}.git`,
    checkoutToken: ({ id }) => signCheckoutToken({ repositoryId: id, expiresAt: Date.now() + 60_000 }, KEY),
  })
  return {
    forge,
    received: [],
    aProject: async () => {
      const id = crypto.randomUUID()
      const owner = `acme-${id.slice(0, 8)}`
      ids.set(`${owner}/shop`, id)
      const directory = join(root, `${id}.git`)
      await createBareRepository(directory, 'main')
      await using copy = await createWorkingCopy(directory)
      const sha = await copy.commit({ 'stack.yml': `# of ${owner}\n` })
      await copy.git('push', '--quiet', 'origin', 'main')
      const repository = { id, name: 'shop', owner, ownerId: owner, isPrivate: true, defaultBranch: 'main' }
      return { repository, sha, pushUrl: () => directory, settled: async () => undefined }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(root, { recursive: true, force: true })
    },
  }
}
