import { failed, notFound } from '../answers.ts'
import type { Handler } from './operation.ts'

/** https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest: a code works once. */
export const createFromManifest: Handler = ({ world, webhooks, description, path, url }) => {
  const manifest = world.manifests.get(String(path.code))
  if (!manifest) return notFound()
  if (!world.privateKey) return failed(500, 'The stand-in was not given the App’s private key')
  world.manifests.delete(String(path.code))
  webhooks.settings.url = manifest.hook_attributes.url
  return {
    status: 201,
    body: {
      ...description.example('integration-from-manifest'),
      id: world.appId,
      name: manifest.name,
      html_url: `${url}/apps/${manifest.name}`,
      external_url: manifest.url,
      permissions: manifest.default_permissions,
      events: manifest.default_events,
      webhook_secret: webhooks.settings.secret,
      pem: world.privateKey,
    },
  }
}
