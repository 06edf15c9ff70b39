import { createHash, randomBytes } from 'node:crypto'
import { SecretList } from '@pushfn/model/secret'
import { callAllTheWhile } from '../support/call-all-the-while.ts'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { litterOf } from '../support/remove-cloud.ts'
import { aTenantOf } from '../support/tenant.ts'
import type { World } from '../support/world.ts'

/** Whoever sees an answer does not see a secret: functions tell what they have by its hash. */
export const hashOf = (value: string): string => createHash('sha256').update(value).digest('hex').slice(0, 12)

/** With this at its beginning no function gets ready. */
export const BROKEN = 'broken'

export const aSecret = (): string => `s3cret-${randomBytes(12).toString('hex')}`

/** Reads its secrets at its start, as most programs do. */
const HANDLER = `const { createHash } = require('node:crypto')
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const folder = '/var/openfaas/secrets'
const values = existsSync(folder) ? readdirSync(folder).map((name) => [name, readFileSync(folder + '/' + name)]) : []
if (values.some(([, value]) => value.toString().startsWith('${BROKEN}'))) throw new Error('the password is not taken')
const secrets = Object.fromEntries(values.map(([name, value]) => [name, createHash('sha256').update(value).digest('hex').slice(0, 12)]))
module.exports = async (event, context) => context.status(200).succeed(secrets)
`

export interface FunctionWithSecrets {
  secrets?: string[]
  labels?: Record<string, string>
}

/** A tenant of the builtin forge whose functions tell which secrets they have. */
export const aTenantWithSecrets = async (world: World) => {
  const tenant = await aTenantOf(world)
  const api = async (method: string, path: string, body?: unknown) => {
    const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/${path}`, {
      method,
      headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    ...tenant,
    api,
    set: async (name: string, value: string) => (await api('PUT', `secrets/${name}`, { value })).status,
    /** By secret, why a function does not run with it. */
    failures: async (): Promise<Record<string, string | null | undefined>> => {
      const { items } = SecretList.parse(JSON.parse((await api('GET', 'secrets')).text))
      return Object.fromEntries(items.map(({ name, functions }) => [name, functions[0]?.failure]))
    },
    says: async (name: string): Promise<unknown> =>
      JSON.parse(await (await localFetch(world.functionUrl(tenant.slug, name))).text()),
    /** `sealed`: boxes by function and name. */
    push: async (functions: Record<string, FunctionWithSecrets>, sealed?: Record<string, Record<string, string>>) => {
      await using copy = await aWorkingCopy()
      const entries = Object.entries(functions).map(([name, given]) => [
        name,
        { lang: 'node24', handler: './fn', ...given },
      ])
      await copy.write({
        'stack.yml': JSON.stringify({ functions: Object.fromEntries(entries) }),
        'fn/handler.js': HANDLER,
        ...(sealed && { 'secrets.yml': sealedFile(sealed) }),
      })
      await copy.commit()
      return (await copy.push(tenant.gitUrl('shop'), 'main', '--force')).output
    },
    containers: async () =>
      (await litterOf(world.docker, world.cloud)).containers.filter(
        ({ Labels }) => Labels['pushfn.cloud/tenant'] === tenant.slug,
      ),
    callAllTheWhile: (name: string) => callAllTheWhile(world.functionUrl(tenant.slug, name)),
  }
}

const sealedFile = (sealed: Record<string, Record<string, string>>): string =>
  [
    '# made by a test',
    'secrets:',
    ...Object.entries(sealed).flatMap(([fn, boxes]) => [
      `  ${fn}:`,
      ...Object.entries(boxes).map(([name, box]) => `    ${name}: ${box}`),
    ]),
    '',
  ].join('\n')
