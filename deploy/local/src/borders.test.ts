import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { repositoryRoot } from './repository-root.ts'
import { tryCommand } from './run-command.ts'

/** A house as small as can be in which every border is broken once. The key imports the values. */
const BROKEN: Readonly<Record<string, { imports: string[]; breaks?: string }>> = {
  'packages/model/src/reader.ts': { imports: ['node:fs'], breaks: 'model-is-pure' },
  'packages/store/src/database.ts': { imports: ['@pushfn/model/words'] },
  'packages/store/src/sibling.ts': { imports: ['../../forge/src/forge.ts'], breaks: 'packages-know-model-only' },
  'packages/store/src/process.ts': { imports: ['../../kit/src/log.ts'], breaks: 'packages-know-model-only' },
  'packages/store/src/calls/queue.ts': { imports: ['@pushfn/model/words'] },
  'packages/store/src/calls/rows.ts': { imports: ['../database.ts'], breaks: 'calls-know-no-database' },
  'packages/forge/src/forge.ts': { imports: ['@pushfn/model/words'] },
  'packages/forge/src/app.ts': { imports: ['../../../apps/api/src/main.ts'], breaks: 'packages-know-nothing-above' },
  'packages/forge/src/nest.ts': { imports: ['@nestjs/common'], breaks: 'nest-stays-in-apps' },
  'packages/kit/src/log.ts': { imports: ['@pushfn/model/words', 'node:fs'] },
  'packages/model/src/words.ts': { imports: [] },
  'apps/api/src/main.ts': { imports: ['@pushfn/store/database', '../../../packages/kit/src/log.ts'] },
  'apps/builder/src/main.ts': { imports: ['../../api/src/main.ts'], breaks: 'apps-are-apart' },
  'apps/builder/src/setup.ts': { imports: ['../../../deploy/local/src/start.ts'], breaks: 'apps-know-no-tests' },
  'apps/gateway/src/main.ts': { imports: ['@pushfn/store/database'], breaks: 'gateway-serves-alone' },
  'apps/gateway/src/queue.ts': { imports: ['@pushfn/store/calls/queue'] },
  'apps/gateway/src/type.ts': { imports: ['type:@pushfn/store/database'], breaks: 'gateway-serves-alone' },
  'apps/dashboard/src/main.tsx': { imports: ['@pushfn/store/database'], breaks: 'dashboard-knows-model-only' },
  'apps/cli/src/main.ts': { imports: ['@pushfn/store/database'], breaks: 'cli-knows-model-only' },
  'apps/api/src/chicken.ts': { imports: ['./egg.ts'], breaks: 'no-cycles' },
  // A cycle is told of once.
  'apps/api/src/egg.ts': { imports: ['./chicken.ts'] },
  'apps/api/src/nowhere.ts': { imports: ['./gone.ts'], breaks: 'all-is-found' },
  'deploy/local/src/start.ts': { imports: ['@pushfn/store/database'] },
}

const Report = z.object({
  summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })) }),
})

let house: string

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'pushfn-borders-'))
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(house, path)), { recursive: true })
    await writeFile(join(house, path), text)
  }
  for (const [path, { imports }] of Object.entries(BROKEN)) {
    const lines = imports.map((name) =>
      name.startsWith('type:') ? `import type { a } from '${name.slice(5)}'` : `import '${name}'`,
    )
    await write(path, `${lines.join('\n')}\nexport const a = 1\n`)
  }
  await mkdir(join(house, 'node_modules/@pushfn'), { recursive: true })
  for (const name of ['model', 'store']) {
    const exports = { './*': { source: './src/*.ts', default: './dist/*.js' } }
    await write(`packages/${name}/package.json`, JSON.stringify({ name: `@pushfn/${name}`, type: 'module', exports }))
    await symlink(join(house, 'packages', name), join(house, 'node_modules/@pushfn', name))
  }
  await write('node_modules/@nestjs/common/package.json', JSON.stringify({ name: '@nestjs/common', main: 'index.js' }))
  await write('node_modules/@nestjs/common/index.js', '')
})

afterAll(() => rm(house, { recursive: true, force: true }))

test('every border is guarded, by type imports and by packages too, and nothing else is refused', async () => {
  const depcruise = join(repositoryRoot, 'node_modules/.bin/depcruise')
  const config = join(repositoryRoot, '.dependency-cruiser.cjs')
  const folders = ['apps', 'packages', 'deploy']
  const { stdout } = await tryCommand(depcruise, ['--config', config, '--output-type', 'json', ...folders], {
    cwd: house,
    timeoutMs: 60_000,
  })
  const found = Report.parse(JSON.parse(stdout)).summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`)
  const expected = Object.entries(BROKEN).flatMap(([path, { breaks }]) => (breaks ? [`${path}: ${breaks}`] : []))
  expect(new Set(found)).toEqual(new Set(expected))
})
