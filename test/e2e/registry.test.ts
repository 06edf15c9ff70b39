import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { type OwnRegistry, startRegistry } from '../support/registry.ts'
import { aTenantOf } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'

const undo = new AsyncDisposableStack()
let registry: OwnRegistry
let world: World
beforeAll(async () => {
  registry = undo.use(await startRegistry())
  const env = {
    REGISTRY: `${registry.host}/functions`,
    REGISTRY_USER: registry.user,
    REGISTRY_PASSWORD: registry.password,
  }
  world = undo.use(await startWorld({ env }))
})
afterAll(() => undo.disposeAsync())

const replicasOf = async (tenant: string) =>
  world.docker.listContainers({
    all: true,
    filters: {
      label: [`pushfn.cloud/managed=${world.cloud}`, `pushfn.cloud/tenant=${tenant}`, 'pushfn.cloud/ordinal'],
    },
  })

const asRegistryUser = { authorization: `Basic ${Buffer.from('pushfn:a password for tests').toString('base64')}` }

describe('with a registry', () => {
  test('an image is pushed, run by its digest, and pulled again when the engine has lost it', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy('hello')
    await copy.commit()
    const { code, output } = await copy.push(tenant.gitUrl('hello'))
    expect(output).toContain('hello is live at')
    expect(code).toBe(0)

    const repository = `functions/${tenant.slug}/hello-hello`
    const tags = await fetch(`http://${registry.host}/v2/${repository}/tags/list`, { headers: asRegistryUser })
    expect(await tags.json()).toMatchObject({
      name: repository,
      tags: [expect.stringMatching(/^latest-main-[0-9a-f]{7}$/)],
    })
    const [replica] = await replicasOf(tenant.slug)
    expect(replica?.Image).toMatch(new RegExp(`^${registry.host}/${repository}@sha256:[0-9a-f]{64}$`))

    await world.docker.getContainer(replica?.Id ?? '').remove({ force: true })
    await world.docker.getImage(replica?.ImageID ?? '').remove({ force: true })
    await expect
      .poll(async () => (await localFetch(world.functionUrl(tenant.slug, 'hello'))).status, { timeout: 60_000 })
      .toBe(200)
    const [again] = await replicasOf(tenant.slug)
    expect(again?.Id).not.toBe(replica?.Id)
  })

  test('a base image that it does not have is named with its line, and no address of the cloud', async () => {
    const tenant = await aTenantOf(world)
    await using copy = await aWorkingCopy()
    const missing = `${registry.host}/functions/${tenant.slug}/nothing:1`
    await copy.write({
      'stack.yml': 'functions:\n  site:\n    lang: dockerfile\n    handler: ./site\n',
      'site/Dockerfile': `# first\nFROM ${missing}\n`,
    })
    await copy.commit()
    const { code, output } = await copy.push(tenant.gitUrl('site'))
    expect(output).toMatch(/site\/Dockerfile:2: .*functions\/.*\/nothing:1/)
    expect(code).toBe(0)
  })
})
