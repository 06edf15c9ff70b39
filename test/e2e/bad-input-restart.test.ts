import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { localFetch } from '../support/local-fetch.ts'
import { aTenantOf } from '../support/tenant.ts'
import { aCopyOf, containersOf, handler, openStage, type Stage } from './bad-input-stage.ts'

let stage: Stage
beforeAll(async () => {
  // Time enough for a push while the broken version is waited for.
  stage = await openStage({ READY_LIMIT_MS: '8000' })
})
afterAll(() => stage[Symbol.asyncDispose]())

/** Starts once; whenever it is started again, it hangs. */
const STARTS_ONCE = `
const fs = require('node:fs')
if (fs.existsSync('/home/app/started')) for (;;) {}
fs.writeFileSync('/home/app/started', '')
${handler('old')}`

const stack = 'functions:\n  hello:\n    lang: node24\n    handler: ./hello\n    readonly_root_filesystem: false\n'

test('a mend that is pushed while the cloud tries to bring a broken version back goes live and stays so', async () => {
  const { world } = stage
  const tenant = await aTenantOf(world)
  await using broken = await aCopyOf({ files: { 'stack.yml': stack, 'hello/handler.js': STARTS_ONCE } })
  expect((await broken.push(tenant.gitUrl('shop'))).output).toContain('hello is live')
  const [container = ''] = await containersOf(stage, tenant.slug)
  await world.docker.getContainer(container.slice(1)).kill()

  await using mended = await aCopyOf({ files: { 'stack.yml': stack, 'hello/handler.js': handler('mended') } })
  const { output } = await mended.push(tenant.gitUrl('shop'), 'main', '--force')
  expect(output).toContain('hello is live')
  const [mine = ''] = (await containersOf(stage, tenant.slug)).filter((name) => name !== container)
  const { Id } = await world.docker.getContainer(mine.slice(1)).inspect()

  const answers = new Set<string>()
  for (const until = Date.now() + 12_000; Date.now() < until; await sleep(50)) {
    const response = await localFetch(world.functionUrl(tenant.slug, 'hello'))
    answers.add(`${response.status} ${await response.text()}`)
  }
  expect([...answers]).toEqual(['200 mended'])
  // The very same one: none that was started anew under its name.
  expect((await world.docker.getContainer(mine.slice(1)).inspect()).Id).toBe(Id)
})
