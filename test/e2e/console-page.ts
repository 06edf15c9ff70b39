import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { ConsoleTenant } from './console-builders.ts'
import type { ConsoleStage } from './console-stage.ts'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const startChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })

export interface WatchedPage extends AsyncDisposable {
  page: Page
  context: BrowserContext
  /** What it did that no page of ours may do: dialogs, errors, breaches of its policy, requests to elsewhere. */
  misdeeds: string[]
}

/** A page of a browser profile of its own. */
export const aPage = async (
  browser: Browser,
  stage: Pick<ConsoleStage, 'consoleUrl'>,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> => {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const misdeeds: string[] = []
  page.on('dialog', (dialog) => {
    misdeeds.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', (err) => misdeeds.push(`error ${err.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) misdeeds.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== stage.consoleUrl) misdeeds.push(`asked ${request.url()}`)
  })
  return { page, context, misdeeds, [Symbol.asyncDispose]: () => context.close() }
}

/** Opens the address as somebody with a fresh browser does: the sign-in first, then what the address says. */
export const signIn = async (
  page: Page,
  stage: Pick<ConsoleStage, 'consoleUrl'>,
  who: Pick<ConsoleTenant, 'token'>,
  path = '/',
): Promise<void> => {
  await page.goto(`${stage.consoleUrl}${path}`)
  await page.getByLabel('API token').fill(who.token)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}

/** Goes to one of the two lists and waits for its first entry. */
export const openList = async (page: Page, list: 'Builds' | 'Functions'): Promise<void> => {
  await page.getByRole('link', { name: list, exact: true }).click()
  await page.getByRole('heading', { level: 1, name: list }).waitFor()
  await page.getByRole('heading', { level: 2 }).first().waitFor()
}

export const logLines = (page: Page): Promise<string[]> => page.getByLabel('Log lines').locator('p').allTextContents()

/** Pixels by which the page is wider than its window. */
export const overhang = (page: Page): Promise<unknown> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
