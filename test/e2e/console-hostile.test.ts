import { createServer } from 'node:http'
import type { BuildState } from '@pushfn/model/build-state'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant } from './console-builders.ts'
import { HOSTILE_TEXTS } from './console-hostile-texts.ts'
import { aPage, logLines, openList, signIn, startChromium } from './console-page.ts'
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

/** Elements that the console itself never puts on a page, attributes that act, links that lead to no page. */
const FOREIGN = `(() => {
  const own = 'a,button,code,dd,div,dl,dt,h1,h2,h3,header,img[src="/favicon.svg"],li,main,nav,ol,p,section,span,time,ul'
  const elements = [...document.querySelectorAll('#console *')]
  const strange = elements.filter((it) => !it.matches(own) || [...it.attributes].some(({ name }) => name.startsWith('on')))
  const astray = elements.filter((it) => it.matches('a') && !['http:', 'https:'].includes(it.protocol))
  return [...strange, ...astray].map((it) => it.outerHTML.slice(0, 200))
})()`

const expectOnlyText = async (page: Page, misdeeds: string[]) => {
  expect(await page.evaluate(FOREIGN)).toEqual([])
  expect(await page.evaluate("'pwned' in window")).toBe(false)
  expect(misdeeds).toEqual([])
}

/** As the page shall show it: what a terminal would obey taken out, all else to the letter. */
const shown = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007]*\u0007|[\u0000-\u001f\u007f-\u009f]/g, '')

test('in a log stays text, live and stored', async () => {
  const build = await aPlayedBuild(stage, owner)
  await build.say(state('building'))
  await using browsing = await aPage(browser, stage)
  const { page, misdeeds } = browsing
  await signIn(page, stage, owner, `/builds/${build.id}`)
  await page.getByText('following live').waitFor()
  await build.say(...HOSTILE_TEXTS.map(log), log('the last line'))
  await page.getByText('the last line').waitFor()
  expect(await logLines(page)).toEqual([...HOSTILE_TEXTS.map(shown), 'the last line'])
  await expectOnlyText(page, misdeeds)
  await build.say(state('live'))
  await page.reload()
  await page.getByText('complete').waitFor()
  expect(await logLines(page)).toEqual([...HOSTILE_TEXTS.map(shown), 'the last line'])
  await expectOnlyText(page, misdeeds)
})

test.each(HOSTILE_TEXTS.map((text, n) => ({ text, n })))(
  'number $n as commit message, pusher, branch, function, address, reason and fault stays text',
  async ({ text }) => {
    // PostgreSQL takes no NUL in a text.
    const hostile = text.replaceAll('\u0000', '')
    const build = await aPlayedBuild(stage, owner, {
      message: hostile,
      pusher: hostile,
      failure: {
        code: hostile,
        hint: hostile,
        function: hostile,
        faults: [{ message: hostile, place: { file: hostile, line: 1, key: hostile } }],
      },
    })
    await build.goLive(hostile.slice(0, 200))
    await build.say(
      { kind: 'function', function: hostile, status: 'failed', url: hostile, reason: hostile },
      { kind: 'log', text: hostile, level: 'error', function: hostile },
      { ...state('failed'), reason: hostile },
    )
    await using browsing = await aPage(browser, stage)
    const { page, misdeeds } = browsing
    await signIn(page, stage, owner, `/builds/${build.id}`)
    await page.getByText('complete').waitFor()
    const visible = hostile.split('\n')[0]?.slice(0, 40).trim() ?? ''
    expect(await page.locator('h1').textContent()).toContain(visible)
    await expectOnlyText(page, misdeeds)
    for (const list of ['Builds', 'Functions'] as const) {
      await openList(page, list)
      await expectOnlyText(page, misdeeds)
    }
  },
)

const evilPage = async (html: string): Promise<{ url: string } & AsyncDisposable> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://${owner.tenant.slug}.fn.localhost:${port}/`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const attack = async (context: BrowserContext, url: string) => {
  const page = await context.newPage()
  await page.goto(url)
  await page.getByText('tried').waitFor()
  return page
}

test('another site, such as a tenant’s function, makes no token, ends no session, reads nothing, sets no cookie', async () => {
  await using evil = await evilPage(`<script>
    const api = '${stage.consoleUrl}/api/v1'
    const token = { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{"name":"evil"}' }
    const quietly = (promise) => promise.then((r) => r.text()).catch(() => '')
    document.cookie = '__Host-pushfn=planted; path=/; domain=localhost'
    document.cookie = '__Host-pushfn=planted; path=/; secure'
    Promise.all([
      quietly(fetch(api + '/tenants/${owner.tenant.slug}/tokens', token)),
      quietly(fetch(api + '/session', { method: 'DELETE', credentials: 'include' })),
      quietly(fetch(api + '/session', { credentials: 'include' })),
      quietly(fetch(api + '/session', { mode: 'no-cors', credentials: 'include' })),
    ]).then((texts) => { document.body.append('tried ' + texts.join('')) })
  </script><body>`)
  await using browsing = await aPage(browser, stage)
  await signIn(browsing.page, stage, owner)
  const page = await attack(browsing.context, evil.url)
  expect((await page.locator('body').textContent())?.trim()).toBe('tried')
  expect(await stage.db.apiToken.count({ where: { tenantId: owner.tenant.id } })).toBe(1)
  await browsing.page.reload()
  await browsing.page.getByRole('button', { name: 'Sign out' }).waitFor()
})

test('another site cannot put the console in a frame', async () => {
  await using evil = await evilPage(`<body>tried<iframe src="${stage.consoleUrl}/functions"></iframe>`)
  await using browsing = await aPage(browser, stage)
  await signIn(browsing.page, stage, owner)
  const page = await attack(browsing.context, evil.url)
  await page.waitForLoadState('networkidle')
  const texts = await Promise.all(
    page
      .frames()
      .slice(1)
      .map((frame) => frame.locator('body').textContent()),
  )
  expect(texts.join()).not.toContain('Sign')
})
