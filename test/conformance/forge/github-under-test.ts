import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Forge, ForgeDelivery, ForgeRepository } from '@pushfn/forge/forge'
import { createGithub } from '@pushfn/forge/github/github'
import type { Patience } from '@pushfn/forge/patience'
import { AppError } from '@pushfn/model/errors'
import { createAppKey } from '../../support/github/app-key.ts'
import type { FakeGithub, NewInstallation } from '../../support/github/fake-github.ts'
import { startGithub } from '../../support/github/start-github.ts'
import { createWorkingCopy } from '../../support/github/working-copy.ts'
import type { Account, Installation, Repository } from '../../support/github/world.ts'

/** The GitHub driver against a GitHub of its own, with a door for the webhooks. Nobody waits long in a test. */
export interface GithubUnderTest extends AsyncDisposable {
  github: FakeGithub
  forge: Forge
  /** A driver of its own on the same GitHub: another process. */
  anotherDriver(patience?: Partial<Patience>): Forge
  /** What `receive` made of each webhook that came in. */
  received: ForgeDelivery[]
  privateKey: string
}

const SECRET = 'the webhook secret of this test'
const APP_ID = 424_242
// One key pair for the run of a file: to make one takes longer than a test.
const key = createAppKey()

const QUICK: Partial<Patience> = { attemptMs: 400, callMs: 8_000, maxWaitMs: 3_000, retries: 2, retryBaseMs: 20 }

export const startGithubUnderTest = async (): Promise<GithubUnderTest> => {
  const received: ForgeDelivery[] = []
  const door = createServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    try {
      const delivery = await forge.webhooks?.receive({ headers, body: await buffer(request) })
      if (delivery) received.push(delivery)
      response.writeHead(202).end()
    } catch (error) {
      response.writeHead(error instanceof AppError ? error.status : 500).end(String(error))
    }
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const address = door.address()
  const port = typeof address === 'object' ? address?.port : undefined

  const github = await startGithub({
    webhookUrl: `http://127.0.0.1:${port}/webhooks/github`,
    webhookSecret: SECRET,
    app: { id: APP_ID, publicKey: key.publicKey },
  })
  const anotherDriver = (patience: Partial<Patience> = QUICK) =>
    createGithub({
      appId: APP_ID,
      privateKey: key.privateKey,
      webhookSecrets: [SECRET],
      apiUrl: github.apiUrl,
      cloneUrl: github.url,
      patience,
    })
  const forge = anotherDriver()

  return {
    github,
    forge,
    anotherDriver,
    received,
    privateKey: key.privateKey,
    [Symbol.asyncDispose]: async () => {
      await github.stop()
      door.closeAllConnections()
      await new Promise((resolve) => door.close(resolve))
    },
  }
}

/** A tenant with one repository, one commit in it, and the App installed. */
export const aTenant = async (
  github: FakeGithub,
  login: string,
  options: { isPrivate?: boolean; installation?: NewInstallation } = {},
) => {
  const account = github.createAccount(login)
  const { isPrivate = true } = options
  const repository = await github.createRepository({ owner: account, name: 'hello', isPrivate })
  await using copy = await createWorkingCopy(github.pushUrl(repository))
  const sha = await copy.commit({ 'stack.yml': `# of ${login}\n` })
  await copy.git('push', '--quiet', 'origin', 'main')
  const installation = await github.install(account, options.installation)
  return { account, repository, installation, sha, forgeRepository: asForge(repository, account, installation) }
}

export const asForge = (repository: Repository, owner: Account, installation?: Installation): ForgeRepository => ({
  id: String(repository.id),
  name: repository.name,
  owner: owner.login,
  ownerId: String(owner.id),
  isPrivate: repository.isPrivate,
  defaultBranch: repository.defaultBranch,
  ...(installation && { installationId: String(installation.id) }),
})

export const callsOf = (github: FakeGithub, operation: string) =>
  github.calls.filter((call) => call.operation === operation)
