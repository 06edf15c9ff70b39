import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '@pushfn/kit/configuration'
import { settings as api } from '../../../apps/api/src/settings.ts'
import { settings as builder } from '../../../apps/builder/src/settings.ts'
import { pushfn } from '../../../apps/cli/src/program.ts'
import { treeOf } from '../../../apps/cli/src/show/command-tree.ts'
import { reference } from '../../../apps/cli/src/show/reference.ts'
import { settings as controller } from '../../../apps/controller/src/settings.ts'
import { settings as gateway } from '../../../apps/gateway/src/settings.ts'
import { repositoryRoot } from './repository-root.ts'

/**
 * Writes `docs/configuration.md` and `.env.example` from the apps' own descriptions of their settings, and the second part of
 * `docs/cli.md` from the commands that there are. With `--check` it writes nothing and ends with 1 when one of them is stale.
 */
const APPS: Readonly<Record<string, Settings>> = { api, builder, controller, gateway }

interface Entry {
  description: string
  default: string | undefined
  isRequired: boolean
  apps: string[]
}

const entries = (): Map<string, Entry> => {
  const found = new Map<string, Entry>()
  for (const [app, settings] of Object.entries(APPS)) {
    for (const setting of Object.values(settings)) {
      const entry = found.get(setting.env) ?? {
        description: setting.description,
        default: setting.default,
        isRequired: setting.default === undefined && !setting.isOptional,
        apps: [],
      }
      entry.apps.push(app)
      found.set(setting.env, entry)
    }
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const page = (all: ReadonlyMap<string, Entry>): string => {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = [...all].map(([env, entry]) => {
    const value = entry.isRequired ? '**required**' : entry.default === undefined ? '' : `\`${entry.default}\``
    return `| \`${env}\` | ${cell(entry.description)} | ${cell(value)} | ${entry.apps.join(', ')} |`
  })
  return `# Configuration

Every process reads its settings from the environment, once, at the start; a wrong or missing one ends it with one line
that names it. \`npm start\` sets what is required by itself. This page is made from the apps' own descriptions by
\`pnpm docs:configuration\`.

| variable | meaning | default | read by |
|---|---|---|---|
${rows.join('\n')}
`
}

const example = (all: ReadonlyMap<string, Entry>): string =>
  `# Every setting there is; docs/configuration.md says who reads it. What is commented out has a default or is optional.\n${[
    ...all,
  ]
    .map(([env, entry]) => {
      const line = entry.isRequired ? `${env}=` : `# ${env}=${entry.default ?? ''}`
      return `\n# ${entry.description}\n${line}\n`
    })
    .join('')}`

const FROM_HERE_ON = '<!-- What follows is made from the commands themselves by `npm run docs:configuration`. -->\n'

/** The page as it is down to the mark, and the commands below it. */
const commandPage = async (path: string): Promise<string> => {
  const [written = ''] = (await readFile(join(repositoryRoot, path), 'utf8')).split(FROM_HERE_ON)
  const tree = treeOf(pushfn({ env: {}, signal: AbortSignal.any([]) }))
  return `${written}${FROM_HERE_ON}\n${reference(tree)}`
}

const isCheck = process.argv.includes('--check')
const all = entries()
for (const [file, text] of [
  ['docs/configuration.md', page(all)],
  ['.env.example', example(all)],
  ['docs/cli.md', await commandPage('docs/cli.md')],
] as const) {
  const path = join(repositoryRoot, file)
  const there = await readFile(path, 'utf8').catch(() => '')
  if (there === text) continue
  if (!isCheck) await writeFile(path, text)
  else {
    process.stderr.write(`${file} is stale: run “pnpm docs:configuration” and commit it\n`)
    process.exitCode = 1
  }
}
