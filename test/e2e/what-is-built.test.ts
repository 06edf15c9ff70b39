import { verify } from 'node:crypto'
import { RevisionList } from '@pushfn/model/api-revisions'
import { DsseEnvelope, ProvenanceStatement } from '@pushfn/model/provenance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy, type WorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

/** What a tenant settles about its repositories, and asks for by hand. */
let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`
const stack = (...names: string[]) =>
  `functions:\n${names.map((name) => `  ${name}:\n    lang: node24\n    handler: ./${name}\n`).join('')}`

const api = async (tenant: Pick<TestTenant, 'slug' | 'token'>, method: string, path: string, body?: unknown) => {
  const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/repositories/${path}`, {
    method,
    headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: Object(text === '' ? {} : JSON.parse(text)) }
}

const textOf = async (tenant: TestTenant, name: string) =>
  (await localFetch(world.functionUrl(tenant.slug, name))).text()
const untilText = (tenant: TestTenant, name: string, text: string) =>
  expect.poll(() => textOf(tenant, name), { timeout: 60_000 }).toBe(text)

const push = async (copy: WorkingCopy, url: string, branch = 'main') => {
  const sha = await copy.commit()
  return { sha, output: (await copy.push(url, branch)).output }
}

describe('a repository of several stacks', () => {
  test('deploys the functions of each, from its own root', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('mono')
    await copy.write({ 'README.md': 'two apps' })
    expect((await push(copy, url)).output).toContain('there is no stack.yml at the root of the repository')
    const set = await api(tenant, 'PUT', 'mono/settings', { roots: ['apps/one', './apps/two/'] })
    expect(set).toMatchObject({ status: 200, body: { roots: ['apps/one', 'apps/two'] } })

    await copy.write({
      'apps/one/stack.yml': stack('a'),
      'apps/one/a/handler.js': handler('a1'),
      'apps/two/stack.yml': stack('b'),
      'apps/two/b/handler.js': handler('b1'),
    })
    await push(copy, url)
    expect([await textOf(tenant, 'a'), await textOf(tenant, 'b')]).toEqual(['a1', 'b1'])

    await copy.write({ 'apps/two/b/handler.js': 'module.exports = async () => {\n  return {{ b }\n}\n' })
    expect((await push(copy, url)).output).toContain('apps/two/b/handler.js:2')
    await copy.write({ 'apps/two/b/handler.js': handler('b2'), 'apps/two/stack.yml': stack('b', 'a') })
    expect((await push(copy, url)).output).toContain(
      'apps/two/stack.yml:5:3: functions.a stands in apps/one/stack.yml on line 2 as well',
    )
    await copy.write({ 'apps/two/stack.yml': null })
    expect((await push(copy, url)).output).toContain('apps/two/stack.yml: it is not there')
    expect([await textOf(tenant, 'a'), await textOf(tenant, 'b')]).toEqual(['a1', 'b1'])
  })
})

describe('files that are ignored', () => {
  test('make no build when nothing else differs from what is live, and hide nothing', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('docs')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    await push(copy, url)
    await api(tenant, 'PUT', 'docs/settings', { ignore: ['docs', '**/*.md'] })
    await copy.write({ 'README.md': 'not yet told' })
    const { sha, output: first } = await push(copy, url)
    expect(first).toContain('a is unchanged')

    await copy.write({ 'README.md': 'more', 'docs/a.txt': 'x', 'a/NOTES.md': 'y' })
    expect((await push(copy, url)).output).toContain(
      `skipped: since ${sha.slice(0, 8)}, which is live, only files changed`,
    )

    await copy.write({ 'a/handler.js': 'throw new Error()\n' })
    expect((await push(copy, url)).output).toContain('FAILED')
    await copy.write({ 'README.md': 'the failed change is in it still' })
    expect((await push(copy, url)).output).toContain('FAILED')
    await copy.write({ 'a/handler.js': handler('a2') })
    await push(copy, url)
    expect(await textOf(tenant, 'a')).toBe('a2')
  })
})

describe('a deploy by hand', () => {
  test('is of any branch, tag or commit, until the next push', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('shop')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    const { sha: first } = await push(copy, url)
    await copy.git('tag', '--annotate', '--message', 'one', 'v1')
    await copy.git('push', '--quiet', url, 'v1')
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, url, 'topic')

    const byBranch = await api(tenant, 'POST', 'shop/deploys', { ref: 'topic' })
    expect(byBranch).toMatchObject({ status: 202, body: { ref: 'refs/heads/topic', sha: topic } })
    await untilText(tenant, 'a', 'on topic')
    const byTag = await api(tenant, 'POST', 'shop/deploys', { ref: 'v1' })
    expect(byTag).toMatchObject({ status: 202, body: { ref: 'refs/tags/v1', sha: first } })
    await untilText(tenant, 'a', 'a1')
    expect((await api(tenant, 'POST', 'shop/deploys', { sha: topic })).status).toBe(202)
    await untilText(tenant, 'a', 'on topic')
    await copy.write({ 'a/handler.js': handler('a2') })
    await push(copy, url)
    expect(await textOf(tenant, 'a')).toBe('a2')
  })

  test('of what is not there, or another tenant’s, is refused', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy('hello')
    await push(copy, tenant.gitUrl('shop'))
    for (const what of [{ ref: 'nowhere' }, { sha: 'a'.repeat(40) }, { ref: 'refs/pull/1/head' }]) {
      expect((await api(tenant, 'POST', 'shop/deploys', what)).status, JSON.stringify(what)).toBe(404)
    }
    for (const what of [{}, { ref: 'main', sha: 'a'.repeat(40) }, { ref: '--upload-pack=x' }, { sha: 'main' }]) {
      expect((await api(tenant, 'POST', 'shop/deploys', what)).status, JSON.stringify(what)).toBe(400)
    }
    const stranger = { slug: tenant.slug, token: other.token }
    expect((await api(stranger, 'POST', 'shop/deploys', { ref: 'main' })).status).toBe(404)
  })

  test('of a private repository at a forge finds the branch there', async () => {
    const owner = world.github.createAccount('iris')
    const repository = await world.github.createRepository({ owner, name: 'shop', isPrivate: true })
    await world.github.install(owner)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    const { sha } = await push(copy, world.github.pushUrl(repository))
    await world.github.waitForStatus(sha, 'stack-deploy', 'success')
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, world.github.pushUrl(repository), 'topic')
    const operator = { slug: 'iris', token: world.operatorToken }
    const deploy = await api(operator, 'POST', 'shop/deploys', { ref: 'topic' })
    expect(deploy).toMatchObject({ status: 202, body: { sha: topic } })
    await world.github.waitForStatus(topic, 'a', 'success')
    expect(await (await localFetch(world.functionUrl('iris', 'a'))).text()).toBe('on topic')
    expect(await world.logOf('api')).not.toMatch(/ghs_[A-Za-z0-9]/)
  })
})

describe('a build hook', () => {
  test('deploys its branch for whoever has its URL, not too often, until it is taken away', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    const url = tenant.gitUrl('shop')
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    await push(copy, url)
    await copy.write({ 'a/handler.js': handler('on topic') })
    const { sha: topic } = await push(copy, url, 'topic')

    const made = await api(tenant, 'POST', 'shop/hooks', { name: 'the CMS', branch: 'topic' })
    expect(made).toMatchObject({ status: 201, body: { name: 'the CMS', branch: 'topic', lastUsedAt: null } })
    // Whatever its sender has to say beside the URL is no matter.
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const call = () => localFetch(String(made.body.url), { method: 'POST', headers, body: 'entry=7' })
    const called = await call()
    expect({ status: called.status, body: await called.json() }).toMatchObject({ status: 202, body: { sha: topic } })
    await untilText(tenant, 'a', 'on topic')
    expect((await call()).status).toBe(429)

    const { body } = await api(tenant, 'GET', 'shop/hooks')
    expect(body.items).toMatchObject([{ id: made.body.id, lastUsedAt: expect.any(String) }])
    const token = String(made.body.url).split('/').at(-1) ?? ''
    expect(JSON.stringify(body)).not.toContain(token)
    expect(await world.logOf('api')).not.toContain(token)

    const stranger = { slug: tenant.slug, token: other.token }
    expect((await api(stranger, 'GET', 'shop/hooks')).status).toBe(404)
    expect((await api(stranger, 'DELETE', `shop/hooks/${made.body.id}`)).status).toBe(404)
    await push(copy, other.gitUrl('theirs'))
    expect((await api(other, 'DELETE', `theirs/hooks/${made.body.id}`)).status).toBe(404)
    expect((await api(tenant, 'DELETE', `shop/hooks/${made.body.id}`)).status).toBe(204)
    expect((await call()).status).toBe(404)
  })
})

describe('what is said of an image', () => {
  const get = async (tenant: TestTenant, path: string, as = tenant) => {
    const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/functions/${path}`, {
      headers: { authorization: `Bearer ${as.token}` },
    })
    return { status: answer.status, body: Object(await answer.json()) }
  }
  const revisionsOf = async (tenant: TestTenant, name: string) =>
    RevisionList.parse((await get(tenant, `${name}/revisions`)).body).items
  const publicKeys = async () => (await localFetch(`${world.consoleUrl}/.well-known/pushfn-keys.pem`)).text()

  /** As docs/supply-chain.md says. */
  const verified = async (envelope: DsseEnvelope) => {
    const payload = Buffer.from(envelope.payload, 'base64')
    const signed = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${payload.length} `),
      payload,
    ])
    const signature = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64')
    if (!verify(null, signed, await publicKeys(), signature)) throw new Error('the signature is not the cloud’s')
    return ProvenanceStatement.parse(JSON.parse(payload.toString()))
  }

  test('names what it stands on, how it was built and what it holds, to its tenant alone', async () => {
    const [tenant, other] = [await aTenantOf(world), await aTenantOf(world)]
    await using copy = await aWorkingCopy()
    const base = process.env.PUSHFN_TEST_BASE_IMAGE ?? ''
    const leftPad = JSON.stringify({ name: 'left-pad', version: '1.3.0', license: 'WTFPL' })
    await copy.write({
      'stack.yml': `${stack('a')}  d:\n    lang: dockerfile\n    handler: ./d\n`,
      'a/handler.js': handler('a1'),
      'a/node_modules/left-pad/package.json': leftPad,
      'd/Dockerfile': `FROM ${base}\nCOPY node_modules /opt/d/node_modules\nVOLUME /data\nUSER 10001\nCMD ["node", "-e", "require('http').createServer((req, res) => res.end('d')).listen(8080)"]\n`,
      'd/node_modules/@a/b/package.json': JSON.stringify({ name: '@a/b', version: '2.0.0' }),
    })
    const { sha } = await push(copy, tenant.gitUrl('said'))
    expect(await textOf(tenant, 'd')).toBe('d')

    const { Id } = await world.docker.getImage(base).inspect()
    for (const name of ['a', 'd']) {
      const [revision] = await revisionsOf(tenant, name)
      expect(revision?.bases).toEqual([{ image: base, id: Id, digest: null, isOfCloud: name === 'a' }])
      const image = await world.docker.getImage(revision?.image ?? '').inspect()
      const url = `${world.consoleUrl}/git/${tenant.slug}/said.git`
      expect(image.Config.Labels).toMatchObject({
        'org.opencontainers.image.source': url,
        'org.opencontainers.image.revision': sha,
        'org.opencontainers.image.base.name': base,
      })
      const path = `${name}/revisions/${revision?.id}`
      const { subject, predicate } = await verified(DsseEnvelope.parse((await get(tenant, `${path}/provenance`)).body))
      expect(subject).toEqual([{ name: revision?.image, digest: { sha256: image.Id.replace('sha256:', '') } }])
      expect(predicate.buildDefinition).toMatchObject({
        externalParameters: {
          repository: url,
          ref: 'refs/heads/main',
          commit: sha,
          stack: 'stack.yml',
          function: name,
        },
        resolvedDependencies: expect.arrayContaining([
          { uri: `git+${url}@refs/heads/main`, digest: { gitCommit: sha } },
          expect.objectContaining({ name: base, digest: { sha256: Id.replace('sha256:', '') } }),
        ]),
      })
      expect(predicate.runDetails.metadata.invocationId).toBe(revision?.buildId)

      const sbom = () => get(tenant, `${path}/sbom`)
      await expect.poll(async () => (await sbom()).status, { timeout: 60_000 }).toBe(200)
      const { components, compositions } = (await sbom()).body
      const purls: string[] = components.map((component: { purl?: string }) => component.purl)
      expect(purls).toContainEqual(expect.stringMatching(/^pkg:deb\/debian\/libc6@2\./))
      expect(purls).toContainEqual(expect.stringMatching(/^pkg:npm\/npm@/))
      expect(purls).toContainEqual(expect.stringMatching(/^pkg:pypi\/waitress@/))
      expect(purls.includes('pkg:npm/left-pad@1.3.0')).toBe(name === 'a')
      expect(purls.includes('pkg:npm/%40a/b@2.0.0')).toBe(name === 'd')
      expect(compositions[0].aggregate).toBe('unknown')

      for (const what of ['sbom', 'provenance']) {
        expect((await get(tenant, `${path}/${what}`, other)).status).toBe(404)
        expect((await get(other, `${path}/${what}`)).status).toBe(404)
      }
    }
    const filters = { label: [`pushfn.cloud/reading=${world.cloud}`] }
    expect(await world.docker.listContainers({ all: true, filters })).toEqual([])
  })

  test('goes with the image that is used again, and holds for nothing that was changed', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    await copy.write({ 'stack.yml': stack('a'), 'a/handler.js': handler('a1') })
    const first = await push(copy, tenant.gitUrl('again'))
    await copy.write({ 'stack.yml': `${stack('a')}    environment:\n      X: "1"\n` })
    await push(copy, tenant.gitUrl('again'))
    const [newest, oldest] = await revisionsOf(tenant, 'a')
    expect(newest?.sha).not.toBe(oldest?.sha)
    const envelopes = await Promise.all(
      [newest, oldest].map(async (revision) => (await get(tenant, `a/revisions/${revision?.id}/provenance`)).body),
    )
    expect(envelopes[0]).toEqual(envelopes[1])
    const envelope = DsseEnvelope.parse(envelopes[0])
    const statement = await verified(envelope)
    expect(statement.predicate.buildDefinition.externalParameters.commit).toBe(first.sha)
    statement.predicate.buildDefinition.externalParameters.commit = newest?.sha ?? ''
    const payload = Buffer.from(JSON.stringify(statement)).toString('base64')
    await expect(verified({ ...envelope, payload })).rejects.toThrow('signature')
  })
})
