import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aConsoleTenant } from './console-builders.ts'
import { faintTexts } from './console-contrast.ts'
import { consoleTenantOf, startConsoleWithGithub } from './console-github.ts'
import { aPage, overhang, signIn, startChromium } from './console-page.ts'
import type { ConsoleStage } from './console-stage.ts'
import { anyId, aPushPayload, type Door, deliver } from './webhooks-delivery.ts'

let stage: ConsoleStage
let door: Door
let browser: Browser
beforeAll(async () => {
  ;({ stage, door } = await startConsoleWithGithub({ TENANTS: 'anyone' }))
  browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
  await stage?.[Symbol.asyncDispose]()
})

/** A tenant that pushed a branch, a tag, and a branch of a name without an end. */
const aPusher = async () => {
  const facts = { accountId: anyId(), repositoryId: anyId() }
  const refs = ['refs/heads/main', 'refs/tags/v1', `refs/heads/${'long-'.repeat(40)}`]
  for (const ref of refs) await deliver(door, { payload: aPushPayload({ ...facts, login: 'ada', ref }) })
  return consoleTenantOf(stage, facts.accountId)
}

test('somebody reads what became of deliveries, follows one to its build, and replays one by keyboard', async () => {
  const ada = await aPusher()
  const build = await stage.db.build.findFirstOrThrow({
    where: { push: { repositoryId: ada.repository.id, ref: 'refs/heads/main' } },
  })
  await using browsing = await aPage(browser, stage)
  const { page, misdeeds } = browsing
  await signIn(page, stage, ada)
  await page.getByRole('link', { name: 'Deliveries', exact: true }).click()
  const rows = page.locator('main li')
  await rows.nth(2).waitFor()
  expect(await rows.count()).toBe(3)
  expect(await rows.nth(1).textContent()).toMatch(/push.*ignored.*refs\/tags\/v1 is no branch/)
  expect(await rows.nth(2).textContent()).toMatch(/push.*accepted.* on main.*queued/)

  const button = rows.nth(2).getByRole('button', { name: /^Replay push of / })
  await button.focus()
  await page.keyboard.press('Enter')
  await rows
    .nth(2)
    .getByText(/Replayed just now: ignored, refs\/heads\/main stands at/)
    .waitFor()
  expect(await stage.db.build.count({ where: { push: { repositoryId: ada.repository.id } } })).toBe(2)

  await rows.nth(2).getByRole('link').click()
  await page.waitForURL(`${stage.consoleUrl}/builds/${build.id}`)
  expect(misdeeds).toEqual([])
})

test.each(['light', 'dark'] as const)(
  'on a phone, in %s, all of it can be read, and nothing hangs over',
  async (colorScheme) => {
    const ada = await aPusher()
    await using browsing = await aPage(browser, stage, { viewport: { width: 320, height: 640 }, colorScheme })
    const { page } = browsing
    await signIn(page, stage, ada, '/deliveries')
    await page.locator('main li').nth(2).waitFor()
    expect(await overhang(page)).toBe(0)
    expect(await faintTexts(page)).toEqual([])
  },
)

test('a tenant to whom no webhook came is told so, and sees no other’s', async () => {
  await aPusher()
  const stranger = await aConsoleTenant(stage)
  await using browsing = await aPage(browser, stage)
  await signIn(browsing.page, stage, stranger, '/deliveries')
  await browsing.page.getByRole('heading', { name: 'No deliveries yet' }).waitFor()
  expect(await browsing.page.locator('main li').count()).toBe(0)
})
