import { AppError } from '@pushfn/model/errors'
import { z } from 'zod'

/** Why the App needs each stands in docs/github-app.md. */
const PERMISSIONS = {
  contents: 'read',
  metadata: 'read',
  statuses: 'write',
  checks: 'write',
  deployments: 'write',
  pull_requests: 'write',
}
const EVENTS = ['push', 'pull_request', 'release', 'repository', 'check_run', 'check_suite']
const LIMIT_MS = 10_000

/**
 * What GitHub is asked to make
 * (https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest). Names are unique at GitHub;
 * whoever makes the App can change it there.
 */
export const appManifest = ({ consoleUrl, name }: { consoleUrl: string; name: string }) => ({
  name,
  url: consoleUrl,
  hook_attributes: { url: `${consoleUrl}/webhooks/github`, active: true },
  redirect_url: `${consoleUrl}/setup/github/callback`,
  public: true,
  default_permissions: PERMISSIONS,
  default_events: EVENTS,
})

/** Where a browser posts the manifest to; of a person, or of an organisation that the person owns. */
export const newAppUrl = (githubUrl: string, organization: string | undefined): string =>
  `${githubUrl}${organization ? `/organizations/${encodeURIComponent(organization)}` : ''}/settings/apps/new`

export type NewApp = z.infer<typeof Conversion>

/**
 * Exchanges the code that GitHub sent the browser back with for the App it made: once, within an hour. Throws BAD_REQUEST
 * when the code is none, FORGE_FAILED when GitHub does not answer as it should.
 */
export const appFromCode = async (apiUrl: string, code: string): Promise<NewApp> => {
  const failed = (message: string, cause?: unknown) =>
    new AppError('FORGE_FAILED', `GitHub: exchange the code of a new App: ${message}`, {
      cause,
      hint: 'GitHub made the App, but does not hand out its key now: delete it there, and begin again',
    })
  const response = await fetch(`${apiUrl}/app-manifests/${encodeURIComponent(code)}/conversions`, {
    method: 'POST',
    headers: { accept: 'application/vnd.github+json', 'user-agent': 'pushfn' },
    redirect: 'error',
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch((cause: unknown) => {
    throw failed('no answer', cause)
  })
  if (response.status === 404 || response.status === 422) {
    throw new AppError('BAD_REQUEST', 'GitHub does not know the code', {
      hint: 'this code is none, or was used: begin again',
    })
  }
  if (!response.ok) throw failed(`it answered ${response.status}`)
  // The answer holds the key: nothing of it goes into an error.
  const parsed = Conversion.safeParse(await response.json().catch(() => undefined))
  if (!parsed.success) throw failed('its answer is no App')
  return parsed.data
}

const Conversion = z
  .object({
    id: z.int().positive(),
    html_url: z.url({ protocol: /^https?$/ }),
    pem: z.string().min(1),
    webhook_secret: z.string().min(1),
  })
  .transform((app) => ({
    id: String(app.id),
    url: app.html_url,
    privateKey: app.pem,
    webhookSecret: app.webhook_secret,
  }))
