import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFunction, aRepository, build, buildAndRun, planFunction, type Running, run } from '../test/try-function.ts'

const HTTP_HANDLER = `
import os, time
from .greeting import greeting

def handle(event, context):
    if event.path == '/raise':
        raise ValueError('boom')
    if event.path == '/slow':
        time.sleep(1.5)
        return {'statusCode': 200, 'body': 'done'}
    if event.path == '/tuple':
        return 'made', 201, {'X-A': 'b'}
    if event.path == '/none':
        return None
    if event.path == '/bytes':
        return {'body': b'\\x00\\xff', 'headers': {'Content-Type': 'image/png'}}
    return {
        'statusCode': 202,
        'headers': {'X-Greeting': greeting(), 'Set-Cookie': ['a=1', 'b=2']},
        'body': {
            'body': event.body.decode(), 'method': event.method, 'path': event.path, 'uid': os.getuid(),
            'query': event.query.get('q'), 'all': event.query.getlist('q'), 'missing': event.query.get('none', 'x'),
            'agent': event.headers.get('x-test'), 'is': 'X-Test' in event.headers, 'host': context.hostname != '',
        },
    }
`

describe('a python3-http function', () => {
  let running: Running
  beforeAll(async () => {
    const files = {
      'hello/handler.py': HTTP_HANDLER,
      'hello/greeting.py': 'def greeting():\n    return "hi"\n',
      'hello/requirements.txt': '# nothing\n\n',
    }
    running = await buildAndRun(files, aFunction({ lang: 'python3-http-debian' }))
  })
  afterAll(() => running?.[Symbol.asyncDispose]())
  const call = (path: string, init?: RequestInit) => fetch(`${running.url}${path}`, init)

  test('gets body, headers, method, query and path, and answers with status, headers and body', async () => {
    const res = await call('/a%20b?q=1&q=2', { method: 'POST', body: 'text', headers: { 'X-Test': 'y' } })
    expect(res.status).toBe(202)
    expect(res.headers.get('x-greeting')).toBe('hi')
    expect(res.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await res.json()).toEqual({
      body: 'text',
      method: 'POST',
      path: '/a b',
      uid: 10001,
      query: '1',
      all: ['1', '2'],
      missing: 'x',
      agent: 'y',
      is: true,
      host: true,
    })
  })

  test('may answer as Flask has it: a tuple, bytes, None', async () => {
    const made = await call('/tuple')
    expect([made.status, made.headers.get('x-a'), await made.text()]).toEqual([201, 'b', 'made'])
    expect([...new Uint8Array(await (await call('/bytes')).arrayBuffer())]).toEqual([0, 255])
    expect(await (await call('/none')).text()).toBe('')
  })

  test('turns an exception into a 500 with its message, and logs where it was', async () => {
    const res = await call('/raise')
    expect(res.status).toBe(500)
    expect(await res.text()).toContain('ValueError: boom')
    expect(await running.logs()).toContain('/home/app/function/handler.py", line 7')
  })

  test('finishes what is under way when it is told to end, and takes nothing new', async () => {
    const slow = call('/slow')
    await sleep(300)
    const ended = running.stop()
    await sleep(300)
    await expect(call('/tuple')).rejects.toThrow()
    expect(await (await slow).text()).toBe('done')
    expect(await ended).toBe(0)
  })
})

const CLASSIC_HANDLER = `
import os, sys, time

def handle(req):
    if req == 'print':
        print('printed')
        return
    if req == 'stderr':
        print('to the log', file=sys.stderr)
        return 'fine'
    if req.startswith('env'):
        time.sleep(0.2)
        return os.getenv('Http_Query') + ' ' + os.environ['Http_Method']
    return 'you said ' + req
`

describe('a python3 function', () => {
  let running: Running
  beforeAll(async () => {
    running = await buildAndRun({ 'hello/handler.py': CLASSIC_HANDLER }, aFunction({ lang: 'python' }))
  })
  afterAll(() => running?.[Symbol.asyncDispose]())
  const say = async (body: string, query = '') =>
    (await fetch(`${running.url}/?${query}`, { method: 'POST', body })).text()

  test('answers with what handle returns, or else prints', async () => {
    expect(await say('hällo')).toBe('you said hällo')
    expect(await say('print')).toBe('printed\n')
    expect(await say('stderr')).toBe('fine')
    await expect.poll(() => running.logs(), { timeout: 5_000 }).toContain('to the log')
  })

  test('sees its own request in Http_ variables while others run', async () => {
    const answers = await Promise.all(['a', 'b', 'c'].map((query) => say('env', query)))
    expect(answers).toEqual(['a POST', 'b POST', 'c POST'])
  })
})

test('a Python handler that does not compile ends at once and says where', async () => {
  const files = { 'hello/handler.py': 'def handle(req):\n    return (\n' }
  await expect(buildAndRun(files, aFunction({ lang: 'python3' }))).rejects.toThrow(/handler\.py", line 2/)
})

test('requirements are installed in a layer that a change of the handler leaves as it is', async () => {
  const wheel = `
import zipfile
with zipfile.ZipFile('/wheels/greeter-1.0-py3-none-any.whl', 'w') as z:
    z.writestr('greeter.py', 'WORD = "from a wheel"')
    z.writestr('greeter-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: greeter\\nVersion: 1.0\\n')
    z.writestr('greeter-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr('greeter-1.0.dist-info/RECORD', '')
`
  await using bases = await aRepository({
    'hello/Dockerfile':
      'FROM pushfn/base:latest\nCOPY wheel.py /wheels/\nRUN python3 /wheels/wheel.py\nENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels\n',
    'hello/wheel.py': wheel,
  })
  const basePlan = await planFunction(bases.root, aFunction({ lang: 'dockerfile' }))
  await using base = await build(basePlan)
  expect(base.cached).toBeTypeOf('boolean')

  const source = (word: string) => `import greeter\ndef handle(event, context):\n    return "${word} " + greeter.WORD\n`
  await using repository = await aRepository({
    'hello/handler.py': source('first'),
    'hello/requirements.txt': 'greeter==1.0\n',
  })
  const fn = aFunction({ lang: 'python3-http' })
  const facts = { baseImage: basePlan.image.name }
  await using _first = await build(await planFunction(repository.root, fn, { facts }))
  await repository.write({ 'hello/handler.py': source('second') })
  await using second = await build(await planFunction(repository.root, fn, { facts }))
  const install = second.lines.find((line) => line.includes(' RUN HOME=/tmp python3 -m pip'))
  expect(second.lines).toContain(`${install?.split(' ')[0]} CACHED`)
  await using running = await run(second.imageId)
  expect(await (await fetch(running.url)).text()).toBe('second from a wheel')
})
