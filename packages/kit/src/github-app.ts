import { z } from 'zod'
import { seal, unseal } from './seal.ts'
import { Secret } from './secret.ts'

/** A GitHub App that was made from the console, as the database keeps it: sealed. */
export interface GithubApp {
  githubAppId: string
  githubPrivateKey: Secret
  githubWebhookSecret: Secret
}

const PURPOSE = 'github app'
const LOOK_MS = 5_000

const Kept = z.object({ appId: z.string(), privateKey: z.string(), webhookSecret: z.string() })

export const sealGithubApp = (secret: Secret, app: GithubApp): Buffer => {
  const kept: z.infer<typeof Kept> = {
    appId: app.githubAppId,
    privateKey: app.githubPrivateKey.reveal(),
    webhookSecret: app.githubWebhookSecret.reveal(),
  }
  return seal(secret.reveal(), PURPOSE, JSON.stringify(kept))
}

/** Throws when the cloud has another secret than when the App was made. */
export const openGithubApp = (secret: Secret, sealed: Uint8Array): GithubApp => {
  const text = unseal(secret.reveal(), PURPOSE, sealed)
  if (text === undefined) throw new Error('the GitHub App in the database was sealed under another PUSHFN_SECRET')
  const kept = Kept.parse(JSON.parse(text))
  return {
    githubAppId: kept.appId,
    githubPrivateKey: new Secret(kept.privateKey),
    githubWebhookSecret: new Secret(kept.webhookSecret),
  }
}

/**
 * Connects the App of the database, now or as soon as one is made: whoever makes it at the console restarts nothing. What
 * `read` throws is told to `onError`, and tried again.
 */
export const followGithubApp = async (options: {
  secret: Secret
  read: () => Promise<Uint8Array | undefined>
  connect: (app: GithubApp) => void
  onError: (err: unknown) => void
}): Promise<Disposable> => {
  let timer: NodeJS.Timeout | undefined
  const look = async () => {
    try {
      const sealed = await options.read()
      if (!sealed) return
      options.connect(openGithubApp(options.secret, sealed))
      clearInterval(timer)
    } catch (err) {
      options.onError(err)
    }
  }
  timer = setInterval(look, LOOK_MS)
  await look()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
