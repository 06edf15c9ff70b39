import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseStack } from '@pushfn/model/parse-stack'
import { expect, test } from 'vitest'
import { build, planFunction, run } from '../test/try-function.ts'

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url))

const answers: Record<string, (url: string) => Promise<void>> = {
  hello: async (url) => {
    expect(await (await fetch(`${url}/?name=Ada`)).text()).toContain('Nice to meet you, Ada')
  },
  greet: async (url) => {
    const res = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
    expect(await res.json()).toEqual({ body: '{"a":1}', 'content-type': 'application/json' })
  },
  shout: async (url) => {
    expect(await (await fetch(url, { method: 'POST', body: 'hello' })).text()).toBe('HELLO!')
  },
  uppercase: async (url) => {
    expect(await (await fetch(`${url}/x`, { method: 'POST', body: 'hello' })).text()).toBe('POST /x\nHELLO')
  },
  site: async (url) => {
    expect(await (await fetch(`${url}/`)).text()).toContain('<h1>A site by git push</h1>')
  },
  thumbnail: async (url) => {
    const res = await fetch(`${url}/?of=cat`, { method: 'POST', headers: { 'x-call-id': 'c1' } })
    expect(await res.json()).toEqual({ made: 'cat.webp', by: 'c1' })
  },
  nightly: async (url) => {
    expect(await (await fetch(url, { method: 'POST' })).text()).toContain('swept at')
  },
  whoami: async (url) => {
    expect(await (await fetch(url)).text()).toContain('user 10001')
  },
}

test.each(await readdir(EXAMPLES))('the example %s is built from its stack.yml and answers', async (name) => {
  const root = `${EXAMPLES}${name}`
  const parsed = parseStack(await readFile(`${root}/stack.yml`, 'utf8'), { file: 'stack.yml', env: {} })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  expect(parsed.warnings).toEqual([])
  for (const fn of parsed.stack.functions) {
    await using built = await build(await planFunction(root, fn))
    await using running = await run(built.imageId, fn.environment)
    const answer = answers[fn.name]
    if (!answer) throw new Error(`no test says what ${fn.name} answers`)
    await answer(running.url)
    expect((await fetch(`${running.url}/_/health`)).status).toBe(200)
  }
})
