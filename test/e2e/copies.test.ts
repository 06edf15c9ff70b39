import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf, type TestTenant } from '../support/tenant.ts'
import { startWorld, type World } from '../support/world.ts'
import { aPage, overhang, signIn, startChromium } from './console-page.ts'

/** “Deploy to Pushfn”: a template repository somewhere becomes a tenant's own, and is deployed. */
let world: World
let browser: Browser
let template: string
beforeAll(async () => {
  world = await startWorld()
  await world.app('api').stop()
  await world.start('api', { TEMPLATE_HOSTS: new URL(world.github.url).host })
  template = await aTemplate('greeting', { 'fn/handler.js': handler('from the template') })
  browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
  await world?.[Symbol.asyncDispose]()
})

const SOON = { timeout: 60_000, interval: 100 }
const STACK = 'functions:\n  fn:\n    lang: node24\n    handler: ./fn\n'
const handler = (text: string) => `module.exports = async (event, context) => context.status(200).succeed('${text}')\n`

/** A public repository at the GitHub for tests, with a history of two commits. */
const aTemplate = async (name: string, files: Record<string, string>): Promise<string> => {
  const owner = world.github.createAccount(`maker-of-${name}`)
  const repository = await world.github.createRepository({ owner, name })
  await using copy = await aWorkingCopy()
  await copy.write({ 'stack.yml': STACK, 'fn/secret.txt': 'what was taken out again' })
  await copy.commit('first')
  await copy.write({ 'fn/secret.txt': null, ...files })
  await copy.commit('second')
  const { code, output } = await copy.push(world.github.pushUrl(repository))
  if (code !== 0) throw new Error(output)
  return `${world.github.url}/${owner.login}/${name}`
}

const make = async (tenant: TestTenant, body: unknown) => {
  const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/repositories`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: Object(await answer.json()) }
}

const says = async (tenant: TestTenant): Promise<string> => {
  const answer = await localFetch(world.functionUrl(tenant.slug, 'fn'))
  return answer.status === 200 ? answer.text() : String(answer.status)
}

describe('a copy of a template', () => {
  test('is a repository of one’s own with one commit, deployed, and pushed to like any other', async () => {
    const tenant = await aTenantOf(world)
    const made = await make(tenant, { name: 'mine', template: `${template}.git#main` })
    expect(made).toMatchObject({ status: 201, body: { name: 'mine', build: expect.any(String) } })
    await expect.poll(() => says(tenant), SOON).toBe('from the template')

    await using copy = await aWorkingCopy()
    await copy.git('fetch', '--quiet', tenant.gitUrl('mine'), 'main')
    await copy.git('reset', '--quiet', '--hard', 'FETCH_HEAD')
    expect(await copy.git('log', '--format=%an %s')).toBe(`${tenant.slug} Copy of ${template}.git`)
    await copy.git('fsck', '--full', '--strict')
    await copy.write({ 'fn/handler.js': handler('mine') })
    await copy.commit('mine')
    const pushed = await copy.push(tenant.gitUrl('mine'))
    expect(pushed).toMatchObject({ code: 0 })
    expect(await says(tenant)).toBe('mine')
    expect((await make(tenant, { name: 'mine', template })).body.detail).toContain('“mine” already')
    expect(await says(tenant)).toBe('mine')
  })

  test('is made once, however often it is asked for at once', async () => {
    const tenant = await aTenantOf(world)
    const answers = await Promise.all([1, 2, 3].map(() => make(tenant, { name: 'once', template })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
    await expect.poll(() => says(tenant), SOON).toBe('from the template')
  })

  test('is made of public Git servers alone, and tells nothing of others', async () => {
    const tenant = await aTenantOf(world)
    const { host } = new URL(world.consoleUrl)
    const places = ['127.0.0.1:1', 'localhost', '169.254.169.254', '[::1]', '10.0.0.1', 'no-such-host.invalid', host]
    for (const place of places) {
      const { status, body } = await make(tenant, { name: 'x', template: `https://${place}/a/b` })
      expect({ place, status, detail: body.detail }).toEqual({
        place,
        status: 400,
        detail: 'the template is on no host that the internet knows',
      })
    }
    const wrong = [
      ['file:///etc', 'is no https://'],
      ['ssh://git@example.com/a/b', 'is no https://'],
      ['http://example.com/a/b', 'is no https://'],
      ['--upload-pack=touch /tmp/x', 'is no https://'],
      [template.replace('://', '://user:secret@'), 'bears a password'],
      [`${template}#--upload-pack=x`, 'names no branch'],
      [`${template}#no-such-branch`, 'could not be fetched'],
      [`${template}-that-is-not-there`, 'could not be fetched'],
    ]
    for (const [url, why] of wrong) {
      const { status, body } = await make(tenant, { name: 'x', template: url })
      expect({ url, status, detail: body.detail }).toEqual({
        url,
        status: 400,
        detail: expect.stringContaining(`${why}`),
      })
    }
    const answer = await localFetch(`${world.consoleUrl}/api/v1/tenants/${tenant.slug}/repositories`, {
      headers: { authorization: `Bearer ${tenant.token}` },
    })
    expect(await answer.json()).toEqual({ items: [] })
  })
})

test('a button in a README leads there, through the sign-in, to the build', async () => {
  const tenant = await aTenantOf(world)
  const button = await localFetch(`${world.consoleUrl}/badge/deploy.svg`)
  expect([button.status, button.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
  expect(await button.text()).toContain('PUSHFN')

  await using browsing = await aPage(browser, world, { viewport: { width: 390, height: 800 } })
  const { page, misdeeds } = browsing
  await signIn(page, world, tenant, `/new?template=${encodeURIComponent(template)}`)
  const name = page.getByLabel('Name of your repository')
  expect(await name.inputValue()).toBe('greeting')
  expect(await overhang(page)).toBe(0)
  await name.fill('not a name')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  await name.fill('greeting')
  await page.getByRole('button', { name: 'Copy and deploy' }).click()
  await page.waitForURL(/\/builds\/[0-9a-f-]+$/)
  await page.getByText(`Copy of ${template}`).first().waitFor()
  await expect.poll(() => says(tenant), SOON).toBe('from the template')

  await page.goto(`${world.consoleUrl}/new?template=${encodeURIComponent('javascript:alert(1)')}`)
  await page.getByText('javascript:alert(1)').waitFor()
  expect(await page.getByRole('link', { name: /alert/ }).count()).toBe(0)
  await page.goto(`${world.consoleUrl}/new`)
  await page.getByText('No template').waitFor()
  expect(misdeeds).toEqual([])
})
