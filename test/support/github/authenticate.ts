import { type KeyObject, randomBytes, verify } from 'node:crypto'
import { type Answer, failed } from './answers.ts'
import { isObject } from './json-schema.ts'
import type { Installation, InstallationToken, Permissions, World } from './world.ts'

export type Identity =
  | { kind: 'app' }
  | { kind: 'installation'; token: InstallationToken }
  | { kind: 'nobody' }
  | { kind: 'refused'; answer: Answer }

/** Who sends an API request, by its `Authorization`. */
export const authenticate = (world: World, appKey: KeyObject, authorization: string | undefined): Identity => {
  if (!authorization) return { kind: 'nobody' }
  const credential = /^(?:bearer|token) (\S+)$/i.exec(authorization)?.[1]
  const token = world.tokens.get(credential ?? '')
  if (token) return tokenIdentity(world, token)
  if (!credential || credential.startsWith('ghs_')) return refused('Bad credentials')
  const problem = appTokenProblem(credential, appKey, world.appId)
  return problem ? refused(problem) : { kind: 'app' }
}

export const tokenIdentity = (world: World, token: InstallationToken): Identity => {
  if (token.expiresAt <= Date.now() || !world.installations.includes(token.installation))
    return refused('Bad credentials')
  return token.installation.isSuspended
    ? { kind: 'refused', answer: failed(403, 'This installation has been suspended') }
    : { kind: 'installation', token }
}

/** A token in the long form that GitHub has given out since 2026: nobody may count on forty characters. */
export const issueToken = (
  world: World,
  installation: Installation,
  scope: { repositoryIds?: readonly number[] | undefined; permissions: Permissions },
): InstallationToken => {
  const parts = [24, 180, 64].map((bytes) => randomBytes(bytes).toString('base64url'))
  const token: InstallationToken = {
    token: `ghs_${world.appId}_${parts.join('.')}`,
    installation,
    repositoryIds: scope.repositoryIds && new Set(scope.repositoryIds),
    permissions: scope.permissions,
    expiresAt: Date.now() + world.tokenLifeMs,
  }
  world.tokens.set(token.token, token)
  world.issued.push(token.token)
  return token
}

/** Why a JWT is not the App's, in GitHub's words; undefined when it is. */
const appTokenProblem = (jwt: string, appKey: KeyObject, appId: number): string | undefined => {
  const [header, payload, signature, ...rest] = jwt.split('.')
  if (!header || !payload || !signature || rest.length > 0) return 'Bad credentials'
  const claims = decode(payload)
  if (decode(header)?.alg !== 'RS256' || !claims) return 'A JSON web token could not be decoded'
  const isSigned = verify('sha256', Buffer.from(`${header}.${payload}`), appKey, Buffer.from(signature, 'base64url'))
  if (!isSigned) return 'A JSON web token could not be decoded'
  const now = Date.now() / 1000
  const { iss, iat, exp } = claims
  if (String(iss) !== String(appId)) return "'Issuer' claim ('iss') must be an Integer"
  if (typeof iat !== 'number' || iat > now + 5) return "'Issued at' claim ('iat') must be in the past"
  if (typeof exp !== 'number' || exp <= now) return "'Expiration time' claim ('exp') must be in the future"
  if (exp > now + 605) return "'Expiration time' claim ('exp') is too far in the future"
  return undefined
}

const decode = (part: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const refused = (message: string): Identity => ({ kind: 'refused', answer: failed(401, message) })
