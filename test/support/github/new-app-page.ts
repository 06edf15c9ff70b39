import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { Ajv } from 'ajv'
import type { Manifest, World } from './world.ts'

const web = { type: 'string', pattern: '^https?://' }
/** What GitHub's page wants of a manifest. */
const isManifest = new Ajv({ allErrors: true }).compile<Manifest>({
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 34 },
    url: web,
    hook_attributes: { type: 'object', properties: { url: web, active: { type: 'boolean' } }, required: ['url'] },
    redirect_url: web,
    public: { type: 'boolean' },
    default_permissions: { type: 'object', additionalProperties: { enum: ['read', 'write'] } },
    default_events: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'url', 'hook_attributes', 'redirect_url', 'default_permissions', 'default_events'],
  additionalProperties: false,
})

export const isNewAppPage = (request: IncomingMessage): boolean =>
  request.method === 'POST' && /^(\/organizations\/[\w-]+)?\/settings\/apps\/new\?/.test(request.url ?? '')

/** The page to which a browser posts a manifest; here nobody has to agree, and the browser goes back at once. */
export const answerNewApp = async (world: World, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const state = new URL(request.url ?? '/', 'http://github').searchParams.get('state') ?? ''
  const manifest: unknown = JSON.parse(new URLSearchParams(await text(request)).get('manifest') ?? 'null')
  if (!isManifest(manifest)) {
    response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(isManifest.errors))
    return
  }
  const code = randomBytes(20).toString('hex')
  world.manifests.set(code, manifest)
  const back = new URL(manifest.redirect_url)
  back.search = new URLSearchParams({ code, state }).toString()
  response.writeHead(302, { location: back.href }).end()
}
