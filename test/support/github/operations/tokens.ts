import { failed, notFound } from '../answers.ts'
import { issueToken } from '../authenticate.ts'
import { isObject } from '../json-schema.ts'
import { has, type Permissions } from '../world.ts'
import type { Handler } from './operation.ts'

/** https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
export const createInstallationToken: Handler = ({ world, identity, path, body }) => {
  if (identity.kind !== 'app') return failed(401, 'A JSON web token could not be decoded')
  const installation = world.installations.find(({ id }) => id === path.installation_id)
  if (!installation) return notFound()
  if (installation.isSuspended) return failed(403, 'This installation has been suspended')

  const ids = Array.isArray(body.repository_ids)
    ? body.repository_ids.filter((id) => typeof id === 'number')
    : undefined
  const isOurs = (id: number) =>
    world.repositories.some((repository) => repository.id === id && has(installation, repository))
  if (ids && !ids.every(isOurs)) return failed(422, NO_SUCH_REPOSITORY)

  const permissions = isObject(body.permissions) ? levelsOf(body.permissions) : installation.permissions
  const isGranted = ([name, level]: [string, string]) =>
    installation.permissions[name] === 'write' || installation.permissions[name] === level
  if (!Object.entries(permissions).every(isGranted)) return failed(422, NOT_GRANTED)

  const token = issueToken(world, installation, {
    repositoryIds: ids,
    permissions: { ...permissions, metadata: 'read' },
  })
  return {
    status: 201,
    body: {
      token: token.token,
      expires_at: `${new Date(token.expiresAt).toISOString().slice(0, 19)}Z`,
      permissions: token.permissions,
      repository_selection: ids || installation.repositoryIds !== 'all' ? 'selected' : 'all',
    },
  }
}

const levelsOf = (permissions: Record<string, unknown>): Permissions =>
  Object.fromEntries(
    Object.entries(permissions).flatMap(([name, level]) =>
      level === 'read' || level === 'write' ? [[name, level] as const] : [],
    ),
  )

const NO_SUCH_REPOSITORY =
  'There is at least one repository that does not exist or is not accessible to the parent installation.'
const NOT_GRANTED = 'The permissions requested are not granted to this installation.'
