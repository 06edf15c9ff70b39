import { openDatabase } from '@pushfn/store/database'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aWorkingCopy } from '../support/git-repository.ts'
import { localFetch } from '../support/local-fetch.ts'
import { startWorld, type World } from '../support/world.ts'
import { startChromium } from './console-page.ts'

/** A cloud that knows no GitHub gets its App by some clicks. */
let world: World
let browser: Browser
beforeAll(async () => {
  world = await startWorld({ env: { GITHUB_APP_ID: '', GITHUB_PRIVATE_KEY: '', GITHUB_WEBHOOK_SECRET: '' } })
  browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
  await world?.[Symbol.asyncDispose]()
})

const post = (body: Record<string, string>, headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' }) =>
  localFetch(`${world.consoleUrl}/setup/github`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ organization: '', ...body }).toString(),
  })

const callback = (state: string, cookie: string, code = 'a'.repeat(40)) =>
  localFetch(`${world.consoleUrl}/setup/github/callback?code=${code}&state=${state}`, { headers: { cookie } })

const begun = async () => {
  const answer = await post({ token: world.operatorToken })
  expect(answer.status).toBe(200)
  const cookie = String(answer.headers.get('set-cookie'))
  expect(cookie).toMatch(/^__Host-pushfn-setup=[\w-]{43}; .*Secure; HttpOnly; SameSite=Lax/)
  const [pair = ''] = cookie.split(';')
  return { cookie: pair, state: pair.split('=')[1] ?? '' }
}

test('nobody but an operator begins, and nobody but who began ends', async () => {
  expect((await localFetch(`${world.consoleUrl}/webhooks/github`, { method: 'POST' })).status).toBe(404)
  expect((await post({ token: 'a guess' })).status).toBe(401)
  expect((await post({ token: world.operatorToken }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await post({ token: world.operatorToken, organization: '../evil' })).status).toBe(400)
  const [mine, theirs] = [await begun(), await begun()]
  expect((await callback(mine.state, '')).status).toBe(403)
  expect((await callback(mine.state, theirs.cookie)).status).toBe(403)
  expect((await callback('x'.repeat(43), `__Host-pushfn-setup=${'x'.repeat(43)}`)).status).toBe(403)
  expect((await callback(mine.state, mine.cookie, '../installations')).status).toBe(400)
  // A right state with a code that GitHub never gave; the state is used up by it.
  expect((await callback(mine.state, mine.cookie)).status).toBe(400)
  expect((await callback(mine.state, mine.cookie)).status).toBe(403)
})

test('an operator makes the App in a browser, and the next push to GitHub is live, without a restart', async () => {
  const page = await (await browser.newContext()).newPage()
  const problems: string[] = []
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(`${world.consoleUrl}/setup/github`)
  await page.getByLabel('operator token').fill(world.operatorToken)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Create the App on GitHub' }).click()
  await page.getByRole('heading', { name: 'GitHub is connected' }).waitFor()
  const install = page.getByRole('link', { name: 'Install the App on an account' })
  expect(await install.getAttribute('href')).toMatch(/^http:.*\/apps\/pushfn-[0-9a-f]{6}\/installations\/new$/)
  expect(problems.filter((text) => /Content Security Policy/.test(text))).toEqual([])
  // The way back is used up, and there is one App only.
  expect((await page.reload())?.status()).toBe(403)

  for (const app of ['api', 'builder'] as const) {
    await expect.poll(() => world.logOf(app), { timeout: 20_000 }).toContain('GitHub is connected')
  }
  expect((await post({ token: world.operatorToken })).status).toBe(409)
  const ada = world.github.createAccount('ada')
  const repository = await world.github.createRepository({ owner: ada, name: 'shop', isPrivate: true })
  await world.github.install(ada)
  await using copy = await aWorkingCopy()
  await copy.write({
    'stack.yml': 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n',
    'hello/handler.js': "module.exports = async (event, context) => context.status(200).succeed('made by clicks')\n",
  })
  const sha = await copy.commit()
  await copy.push(world.github.pushUrl(repository))
  await world.github.waitForStatus(sha, 'stack-deploy', 'success')
  expect(await (await localFetch(world.functionUrl('ada', 'hello'))).text()).toBe('made by clicks')
})

test('the key is in no log, and in the database only sealed; a process that starts later has it too', async () => {
  const db = openDatabase(world.databaseUrl, 1)
  const [app] = await db.forgeApp.findMany()
  await db.$disconnect()
  const sealed = Buffer.from(app?.sealed ?? [])
  expect(sealed.length).toBeGreaterThan(1_000)
  for (const text of ['PRIVATE KEY', world.github.webhooks.settings.secret]) {
    expect(sealed.includes(text)).toBe(false)
    for (const name of ['api', 'builder'] as const) expect(await world.logOf(name)).not.toContain(text)
  }
  await world.app('api').stop()
  await world.start('api')
  await world.github.ping()
  expect(world.github.webhooks.deliveries.at(-1)?.attempts[0]).toMatchObject({ status: 202 })
})
