import type { BuildState } from '@pushfn/model/build-state'
import { createLoginCode } from '@pushfn/store/login-links'
import { recordPerson } from '@pushfn/store/people'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant } from './console-builders.ts'
import { faintTexts } from './console-contrast.ts'
import { aPage, logLines, openList, overhang, signIn, startChromium } from './console-page.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

let stage: ConsoleStage
let browser: Browser
let owner: ConsoleTenant
beforeAll(async () => {
  stage = await startConsole()
  browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
  await stage?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  owner = await aConsoleTenant(stage)
})

const log = (text: string) => ({ kind: 'log' as const, text, level: 'info' as const })
const state = (name: BuildState) => ({ kind: 'state' as const, state: name })

test('a login link signs in by a click, shows the tenants that one has, and is worth nothing after', async () => {
  const other = await aConsoleTenant(stage)
  const accounts = [owner, other].map(({ tenant }) => ({ id: tenant.forgeAccountId, role: 'owner' as const }))
  const facts = { forge: owner.tenant.forge, id: owner.tenant.id, login: 'ada', accounts }
  const { id } = await recordPerson(stage.db, facts)
  const code = await createLoginCode(stage.db, id, new Date(Date.now() + 60_000))
  const theirs = await aPlayedBuild(stage, other, { message: 'of the other tenant' })
  await theirs.say(state('live'))

  await using browsing = await aPage(browser, stage)
  const { page, misdeeds } = browsing
  await page.goto(`${stage.consoleUrl}/login#${code}`)
  await page.getByRole('button', { name: 'Sign in with this link' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  expect(page.url()).toBe(`${stage.consoleUrl}/functions`)
  const choice = page.getByRole('combobox', { name: 'Tenant' })
  await choice.selectOption(other.tenant.slug)
  await page.getByRole('link', { name: 'Builds', exact: true }).click()
  await page.getByRole('link', { name: 'of the other tenant' }).waitFor()
  await page.reload()
  await page.getByRole('link', { name: 'of the other tenant' }).waitFor()
  await choice.selectOption(owner.tenant.slug)
  await page.getByRole('link', { name: 'of the other tenant' }).waitFor({ state: 'detached' })

  await page.goto(`${stage.consoleUrl}/login#${code}`)
  await page.getByRole('button', { name: 'Sign in with this link' }).click()
  await page.getByRole('alert').getByText('this link was used already').waitFor()
  expect(misdeeds).toEqual([])
})

test('somebody signs in, finds functions and builds, watches one live, and signs out', async () => {
  const first = await aPlayedBuild(stage, owner, { message: 'first' })
  await first.goLive('hello')
  await first.say(state('live'))
  const build = await aPlayedBuild(stage, owner, { message: 'greet by name' })
  await build.say(state('checkout'), state('building'), log('line one'))

  await using browsing = await aPage(browser, stage)
  const { page, misdeeds } = browsing
  await signIn(page, stage, owner)
  await page.getByRole('heading', { name: 'hello' }).waitFor()
  const link = page.getByRole('link', { name: /^http/ })
  expect(await link.getAttribute('href')).toBe(`http://${owner.tenant.slug}.fn.localhost:8080/hello`)

  await page.getByRole('link', { name: 'Builds', exact: true }).click()
  await page.getByRole('link', { name: 'greet by name' }).click()
  await page.getByText('line one').waitFor()
  expect(page.url()).toBe(`${stage.consoleUrl}/builds/${build.id}`)

  await build.say(
    log('line two'),
    { kind: 'function', function: 'hello', status: 'live', url: 'http://x.fn.localhost:8080/hello', ms: 200 },
    state('live'),
  )
  await page.getByText('line two').waitFor()
  await page.getByText('complete').waitFor()
  expect(await logLines(page)).toEqual(['line one', 'line two'])
  await page.getByRole('link', { name: 'http://x.fn.localhost:8080/hello' }).waitFor()
  expect(await page.title()).toContain('live')

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API token').waitFor()
  await page.reload()
  await page.getByLabel('API token').waitFor()
  expect(await page.getByText('line one').count()).toBe(0)
  expect(misdeeds).toEqual([])
})

test('the session is a cookie that scripts do not see, taken by the browser over plain localhost', async () => {
  await using browsing = await aPage(browser, stage)
  await signIn(browsing.page, stage, owner)
  const cookies = await browsing.context.cookies()
  expect(cookies).toMatchObject([
    { name: '__Host-pushfn', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' },
  ])
  expect(await browsing.page.evaluate('document.cookie')).toBe('')
  expect(
    await browsing.page.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage))),
  ).not.toContain('token')
})

test('two tenants in two browsers: a link to the other’s build leads nowhere', async () => {
  const stranger = await aConsoleTenant(stage)
  const build = await aPlayedBuild(stage, owner, { message: 'not for everybody' })
  await build.say(log('inside'), state('live'))
  await using mine = await aPage(browser, stage)
  await using theirs = await aPage(browser, stage)
  await signIn(mine.page, stage, owner, `/builds/${build.id}`)
  await mine.page.getByText('inside').waitFor()
  await signIn(theirs.page, stage, stranger, `/builds/${build.id}`)
  await theirs.page.getByRole('alert').waitFor()
  expect(await theirs.page.getByRole('alert').textContent()).toContain('there is no such build')
  expect(await theirs.page.locator('body').textContent()).not.toMatch(/not for everybody|inside/)
})

describe('a log', () => {
  test('follows its end until its reader scrolls back, and then waits', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say(...Array.from({ length: 300 }, (_, n) => log(`line ${n}`)))
    await using browsing = await aPage(browser, stage)
    const { page } = browsing
    await signIn(page, stage, owner, `/builds/${build.id}`)
    const box = page.getByLabel('Log lines')
    await page.getByText('line 299').waitFor()
    await expect.poll(() => box.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight)).toBeLessThan(24)

    await box.evaluate((it) => it.scrollTo({ top: 0 }))
    await page.getByText('live, paused').waitFor()
    await build.say(log('line 300'))
    await page.getByText('line 300').waitFor({ state: 'attached' })
    expect(await box.evaluate((it) => it.scrollTop)).toBe(0)

    await page.getByRole('button', { name: /To the end/ }).click()
    await build.say(log('line 301'))
    await page.getByText('line 301').waitFor()
    await expect.poll(() => box.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight)).toBeLessThan(24)
    expect(await logLines(page)).toEqual(Array.from({ length: 302 }, (_, n) => `line ${n}`))
  })

  test('of 20,000 lines is shown whole, each line once', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say(...Array.from({ length: 19_999 }, (_, n) => log(`line ${n} \u001b[32mok\u001b[0m`)), state('live'))
    await using browsing = await aPage(browser, stage)
    await signIn(browsing.page, stage, owner, `/builds/${build.id}`)
    await browsing.page.getByText('complete').waitFor()
    await expect.poll(() => browsing.page.getByLabel('Log lines').locator('p').count()).toBe(19_999)
  })
})

test('a page that is open while the api is restarted misses nothing and shows nothing twice', async () => {
  await using own = await startConsole()
  const who = await aConsoleTenant(own)
  const build = await aPlayedBuild(own, who)
  await build.say(state('building'), log('before'))
  await using browsing = await aPage(browser, own)
  const { page } = browsing
  await signIn(page, own, who, `/builds/${build.id}`)
  await page.getByText('before').waitFor()
  const restarted = own.restart()
  await page.getByText('interrupted, trying again').waitFor()
  await build.say(log('meanwhile'))
  await restarted
  await page.getByText('meanwhile').waitFor()
  await build.say(log('after'), state('live'))
  await page.getByText('complete').waitFor()
  expect(await logLines(page)).toEqual(['before', 'meanwhile', 'after'])
  expect(browsing.misdeeds).toEqual([])
})

test('a failed build says where and why', async () => {
  const build = await aPlayedBuild(stage, owner, {
    failure: {
      code: 'STACK_INVALID',
      hint: 'stack.yml names a template that there is not',
      faults: [
        {
          message: 'the template “nod24” is unknown: did you mean “node24”?',
          place: { file: 'stack.yml', line: 3, column: 11, key: 'functions.hello.lang' },
        },
      ],
    },
  })
  await build.say(state('checkout'), { ...state('failed'), reason: 'stack.yml names a template that there is not' })
  await using browsing = await aPage(browser, stage)
  const { page } = browsing
  await signIn(page, stage, owner, `/builds/${build.id}`)
  await page.getByText('complete').waitFor()
  const panel = page.getByRole('region', { name: 'The build failed' })
  expect(await panel.textContent()).toContain('stack.yml:3:11 functions.hello.lang')
  expect(await panel.textContent()).toContain('did you mean “node24”?')
  expect(await page.getByRole('listitem').filter({ hasText: 'checkout' }).textContent()).toContain('failed here')
})

describe('on a phone', () => {
  test('no page scrolls sideways, whatever names and words are in it', async () => {
    const word = 'x'.repeat(120)
    const build = await aPlayedBuild(stage, owner, { message: word, pusher: word })
    await build.goLive('a'.repeat(63))
    await build.say(
      {
        kind: 'function',
        function: 'a'.repeat(63),
        status: 'failed',
        url: `http://${'a'.repeat(63)}.fn/`,
        reason: word,
      },
      log(word.repeat(5)),
      { ...state('failed'), reason: word },
    )
    await using browsing = await aPage(browser, stage, { viewport: { width: 360, height: 740 } })
    const { page } = browsing
    await page.goto(stage.consoleUrl)
    await page.getByLabel('API token').waitFor()
    expect(await overhang(page)).toBe(0)
    await signIn(page, stage, owner, `/builds/${build.id}`)
    await page.getByText('complete').waitFor()
    expect(await overhang(page)).toBe(0)
    for (const list of ['Builds', 'Functions'] as const) {
      await openList(page, list)
      expect(await overhang(page)).toBe(0)
    }
  })
})

test.each(['light', 'dark'] as const)('all text stands out from its ground, in the %s', async (colorScheme) => {
  const failed = await aPlayedBuild(stage, owner, {
    failure: { code: 'X', hint: 'why', faults: [{ message: 'here' }] },
  })
  const colours = Array.from({ length: 16 }, (_, n) => `\u001b[38;5;${n}m colour ${n} \u001b[0m`).join('')
  await failed.goLive('hello')
  await failed.say(state('checkout'), log(`${colours}\u001b[2mdim\u001b[0m`), { ...log('careful'), level: 'warning' })
  await failed.say({ kind: 'function', function: 'hello', status: 'failed', reason: 'why' }, state('failed'))
  const running = await aPlayedBuild(stage, owner)
  await running.say(state('building'), { kind: 'function', function: 'hello', status: 'building' })

  await using browsing = await aPage(browser, stage, { colorScheme })
  const { page } = browsing
  await page.goto(stage.consoleUrl)
  await page.getByLabel('API token').fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').waitFor()
  expect(await faintTexts(page)).toEqual([])
  await signIn(page, stage, owner, `/builds/${failed.id}`)
  await page.getByText('complete').waitFor()
  expect(await faintTexts(page)).toEqual([])
  await page.goto(`${stage.consoleUrl}/builds/${running.id}`)
  await page.getByRole('heading', { name: 'hello' }).waitFor()
  expect(await faintTexts(page)).toEqual([])
  for (const list of ['Builds', 'Functions'] as const) {
    await openList(page, list)
    expect(await faintTexts(page)).toEqual([])
  }
})

test('by keyboard alone one gets from the sign-in to a build', async () => {
  const build = await aPlayedBuild(stage, owner, { message: 'by keyboard' })
  await build.say(log('reached'), state('live'))
  await using browsing = await aPage(browser, stage)
  const { page } = browsing
  await page.goto(`${stage.consoleUrl}/builds`)
  await page.getByLabel('API token').waitFor()
  const tabTo = async (name: string) => {
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(
        "document.activeElement.getAttribute('placeholder') ?? document.activeElement.textContent",
      )
      if (focused === name) return
    }
    throw new Error(`the keyboard does not reach ${name}`)
  }
  await tabTo('pf_…')
  await page.keyboard.type(owner.token)
  await page.keyboard.press('Enter')
  await page.getByText('by keyboard').waitFor()
  await tabTo('by keyboard')
  await page.keyboard.press('Enter')
  await page.getByText('reached').waitFor()
})

test('all of the console is at most 150 KiB over the wire', async () => {
  await using browsing = await aPage(browser, stage)
  // Of one that ends with the page nobody can tell any more.
  const sizes: Promise<number>[] = []
  browsing.page.on('requestfinished', (request) => {
    sizes.push(
      request.sizes().then(
        ({ responseBodySize }) => responseBodySize,
        () => 0,
      ),
    )
  })
  await signIn(browsing.page, stage, owner)
  await browsing.page.waitForLoadState('networkidle')
  const kib = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024
  console.log(`the console: ${kib.toFixed(1)} KiB (gzip)`)
  expect(kib).toBeLessThan(150)
})
