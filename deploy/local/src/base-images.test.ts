import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { beforeAll, expect, test } from 'vitest'
import { ensureBaseImage } from './base-images.ts'
import { ensureDocker } from './docker.ts'
import { openHome } from './home.ts'

let docker: Docker
const image = process.env.PUSHFN_TEST_BASE_IMAGE ?? ''

beforeAll(() => {
  docker = new Docker({ socketPath: process.env.PUSHFN_TEST_DOCKER_SOCKET ?? '' })
})

const inImage = async (script: string, user = 'root'): Promise<string> => {
  const output = new PassThrough()
  const said = text(output)
  await docker.run(image, ['bash', '-c', script], output, { Tty: true, User: user, HostConfig: { AutoRemove: true } })
  output.end()
  return (await said).replaceAll('\r', '').trim()
}

test('it has this repository’s Node, its npm, and Debian’s Python with pip and waitress', async () => {
  const script = 'node --version; npm --version; pip --version; python3 -c "import waitress; print(waitress.__name__)"'
  const [node, npm, pip, waitress] = (await inImage(script)).split('\n')
  expect(node).toBe(process.version)
  expect(npm).toMatch(/^11\./)
  expect(pip).toContain('python 3.11')
  expect(waitress).toBe('waitress')
})

test('the user app is there, owns its home and nothing else', async () => {
  expect(
    await inImage('id -u; id -g; touch ~/mine && echo own; touch /usr/mine 2>/dev/null || echo refused', 'app'),
  ).toBe('10001\n10001\nown\nrefused')
})

test('npm reaches its registry from inside, over this machine’s certificates', async () => {
  expect(await inImage('cd /tmp && npm view left-pad@1.3.0 version', 'app')).toContain('1.3.0')
})

test('an image of the same inputs is not made twice', async () => {
  const { docker: engine } = await ensureDocker(await openHome())
  const { Id } = await engine.getImage(image).inspect()
  expect(await ensureBaseImage(engine)).toBe(image)
  expect((await engine.getImage(image).inspect()).Id).toBe(Id)
})
