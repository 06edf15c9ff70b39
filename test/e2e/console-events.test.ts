import { BuildPage, BuildView, FunctionList } from '@pushfn/model/api'
import { BuildEvent } from '@pushfn/model/build-event'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aPush, aQueuedPush } from '../support/builders.ts'
import { aConsoleTenant, aPlayedBuild, aRouteOf, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'

let stage: ConsoleStage
let owner: ConsoleTenant
beforeAll(async () => {
  stage = await startConsole()
  owner = await aConsoleTenant(stage, 'owner')
})
afterAll(() => stage[Symbol.asyncDispose]())

const get = (
  path: string,
  { headers = {}, who = owner }: { headers?: Record<string, string>; who?: ConsoleTenant } = {},
) =>
  request(`${stage.apiUrl}/tenants/${who.tenant.slug}/${path}`, {
    headers: { authorization: `Bearer ${who.token}`, ...headers },
    signal: AbortSignal.timeout(20_000),
  })

/** The events of an answer as they arrive, each with the id that its message bore. */
async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<BuildEvent> {
  let text = ''
  for await (const chunk of body) {
    text += chunk.toString('utf8')
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const message = /^id: (.+)\ndata: (.+)$/.exec(text.slice(0, end))
      text = text.slice(end + 2)
      if (!message) continue
      const event = BuildEvent.parse(JSON.parse(message[2] ?? ''))
      expect(event.id).toBe(message[1])
      yield event
    }
  }
}

const gist = (event: BuildEvent | undefined): string | undefined =>
  event?.kind === 'log' ? event.text : event?.kind === 'state' ? event.state : event?.kind

const allOf = async (path: string, headers?: Record<string, string>): Promise<(string | undefined)[]> => {
  const answer = await get(path, { ...(headers && { headers }) })
  return Array.fromAsync(eventsOf(answer.body), gist)
}

describe('the events of a build', () => {
  test('are its history, then what happens, and end with it', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'state', state: 'building' }, { kind: 'log', text: 'before', level: 'info' })
    const answer = await get(`builds/${build.id}/events`)
    expect(answer.headers['content-type']).toContain('text/event-stream')
    const events = eventsOf(answer.body)
    expect(gist((await events.next()).value)).toBe('building')
    expect(gist((await events.next()).value)).toBe('before')
    await build.say({ kind: 'log', text: 'after', level: 'info' })
    expect(gist((await events.next()).value)).toBe('after')
    await build.say({ kind: 'state', state: 'live' })
    expect(gist((await events.next()).value)).toBe('live')
    expect((await events.next()).done).toBe(true)
  })

  test('go on behind the last that the reader saw, live and stored', async () => {
    const build = await aPlayedBuild(stage, owner)
    const texts = ['one', 'two', 'three']
    await build.say(...texts.map((text) => ({ kind: 'log' as const, text, level: 'info' as const })))
    const live = await get(`builds/${build.id}/events`, { headers: { 'last-event-id': '1-2' } })
    const events = eventsOf(live.body)
    expect(gist((await events.next()).value)).toBe('three')
    await build.say({ kind: 'state', state: 'live' })
    expect(await Array.fromAsync(events, gist)).toEqual(['live'])
    expect(await allOf(`builds/${build.id}/events`, { 'last-event-id': '1-2' })).toEqual(['three', 'live'])
  })

  test('come from the stored log when Redis has forgotten them', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'log', text: 'kept', level: 'info' }, { kind: 'state', state: 'live' })
    await stage.bus.redis.del(`${stage.cloud}:build:${build.id}`)
    expect(await allOf(`builds/${build.id}/events`)).toEqual(['kept', 'live'])
  })

  test('are no more when the reader saw the end: 204 tells its browser not to come back', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'log', text: 'x', level: 'info' }, { kind: 'state', state: 'live' })
    const answer = await get(`builds/${build.id}/events`, { headers: { 'last-event-id': '1-2' } })
    expect(answer.statusCode).toBe(204)
  })

  test('of a build that never ran end with the reason in its row', async () => {
    const push = await aPush(stage.db, owner.repository, { ref: 'refs/heads/side' })
    if (push.kind !== 'skipped') throw new Error(push.kind)
    const answer = await get(`builds/${push.buildId}/events`)
    const events = await Array.fromAsync(eventsOf(answer.body))
    expect(events).toMatchObject([{ kind: 'state', state: 'skipped', reason: expect.stringContaining('side') }])
    const again = await get(`builds/${push.buildId}/events`, { headers: { 'last-event-id': events[0]?.id ?? '' } })
    expect(again.statusCode).toBe(204)
  })

  test('of a build that waits stay open, and are there from its first word', async () => {
    const { buildId } = await aQueuedPush(stage.db, owner.repository)
    const stop = new AbortController()
    const answer = await request(`${stage.apiUrl}/tenants/owner/builds/${buildId}/events`, {
      headers: { authorization: `Bearer ${owner.token}` },
      signal: stop.signal,
    })
    expect(answer.statusCode).toBe(200)
    stop.abort()
  })

  test('with an id that is none are all of them', async () => {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'state', state: 'live' })
    expect(await allOf(`builds/${build.id}/events`, { 'last-event-id': '../../1' })).toEqual(['live'])
  })

  test('are followed by fifty readers of a tenant at once, and the next is told so; another tenant’s is not', async () => {
    const [mine, other] = [await aConsoleTenant(stage), await aConsoleTenant(stage)]
    const [build, theirs] = [await aPlayedBuild(stage, mine), await aPlayedBuild(stage, other)]
    const readers = await Promise.all(Array.from({ length: 50 }, () => get(`builds/${build.id}/events`, { who: mine })))
    expect((await get(`builds/${build.id}/events`, { who: mine })).statusCode).toBe(429)
    const free = await get(`builds/${theirs.id}/events`, { who: other })
    expect(free.statusCode).toBe(200)
    await build.say({ kind: 'state', state: 'live' })
    await theirs.say({ kind: 'state', state: 'live' })
    await Promise.all([...readers, free].map((reader) => reader.body.text()))
    expect((await get(`builds/${build.id}/events`, { who: mine })).statusCode).toBe(200)
  })

  test('of two tenants never meet', async () => {
    const other = await aConsoleTenant(stage)
    const [mine, theirs] = [await aPlayedBuild(stage, owner), await aPlayedBuild(stage, other)]
    await mine.say({ kind: 'log', text: 'mine', level: 'info' }, { kind: 'state', state: 'live' })
    await theirs.say({ kind: 'log', text: 'theirs', level: 'info' }, { kind: 'state', state: 'live' })
    expect(await allOf(`builds/${mine.id}/events`)).toEqual(['mine', 'live'])
    const answer = await get(`builds/${theirs.id}/events`, { who: other })
    expect(await Array.fromAsync(eventsOf(answer.body), gist)).toEqual(['theirs', 'live'])
  })
})

test('the log is plain text that neither a terminal nor a browser obeys', async () => {
  const build = await aPlayedBuild(stage, owner)
  await build.say(
    { kind: 'log', text: '\u001b]8;;http://evil\u0007click\u001b]8;;\u0007 \u001b[31mred\u001b[0m', level: 'info' },
    { kind: 'log', text: '<script>alert(1)</script>', level: 'info', function: 'hello' },
    { kind: 'state', state: 'live' },
  )
  const answer = await get(`builds/${build.id}/log`)
  expect(answer.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-disposition': `inline; filename="build-${build.id}.txt"`,
    'content-security-policy': expect.stringContaining('sandbox'),
  })
  const text = await answer.body.text()
  expect(text).toContain('hello | <script>alert(1)</script>\n')
  expect(text).toContain('click red\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
})

describe('the list of builds', () => {
  test('comes in pages, newest first, each build once, none of another tenant', async () => {
    const [mine, other] = [await aConsoleTenant(stage), await aConsoleTenant(stage)]
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      ids.unshift((await aQueuedPush(stage.db, mine.repository)).buildId)
      await aQueuedPush(stage.db, other.repository)
    }
    const seen: string[] = []
    for (let next: string | null = ''; next !== null; ) {
      const answer = await get(`builds?limit=2${next && `&before=${next}`}`, { who: mine })
      const page = BuildPage.strict().parse(await answer.body.json())
      seen.push(...page.items.map((build) => build.id))
      next = page.next
    }
    expect(seen).toEqual(ids)
  })

  test.each(['limit=0', 'limit=101', 'limit=x', 'before=x', 'before=%27'])('refuses %s and says why', async (query) => {
    const answer = await get(`builds?${query}`)
    expect(answer.statusCode).toBe(400)
    expect(await answer.body.json()).toMatchObject({ detail: expect.stringContaining(query.split('=')[0] ?? '') })
  })
})

test('a function and its build are shown as the schemas say', async () => {
  const who = await aConsoleTenant(stage)
  const build = await aPlayedBuild(stage, who, { message: 'first\n\nmore' })
  await build.goLive('hello')
  await build.say({ kind: 'state', state: 'live' })
  const functions = FunctionList.parse(await (await get('functions', { who })).body.json())
  expect(functions.items).toMatchObject([
    { name: 'hello', state: 'live', replicas: 1, buildId: build.id, repository: 'shop' },
  ])
  await aRouteOf(stage, who.tenant.slug, 'hello', 0)
  const later = FunctionList.parse(await (await get('functions', { who })).body.json())
  expect(later.items).toMatchObject([{ name: 'hello', state: 'asleep', replicas: 0 }])
  const view = BuildView.strict().parse(await (await get(`builds/${build.id}`, { who })).body.json())
  expect(view).toMatchObject({ id: build.id, state: 'live', message: 'first\n\nmore', tenant: who.tenant.slug })
})

test('a stop of the api ends live streams at once', async () => {
  await using own = await startConsole()
  const who = await aConsoleTenant(own)
  const build = await aPlayedBuild(own, who)
  await build.say({ kind: 'log', text: 'x', level: 'info' })
  const answer = await request(`${own.apiUrl}/tenants/${who.tenant.slug}/builds/${build.id}/events`, {
    headers: { authorization: `Bearer ${who.token}` },
  })
  const events = eventsOf(answer.body)
  expect(gist((await events.next()).value)).toBe('x')
  await own[Symbol.asyncDispose]()
  expect((await events.next()).done).toBe(true)
})
