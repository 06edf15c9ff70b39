import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { pushfn } from '../program.ts'
import { treeOf } from './command-tree.ts'
import { completionScript } from './completion-script.ts'

const tree = treeOf(pushfn({ env: {}, signal: AbortSignal.any([]) }))

/** What a real bash offers after these words. */
const offered = (...words: string[]): string[] => {
  const ask = `COMP_WORDS=(pushfn "$@"); COMP_CWORD=$#; _pushfn; printf '%s\\n' "\${COMPREPLY[@]}"`
  const script = `${completionScript(tree, 'bash')}\n${ask}`
  const said = execFileSync('bash', ['--noprofile', '--norc', '-c', script, 'bash', ...words], { encoding: 'utf8' })
  return said.split('\n').filter(Boolean)
}

test('bash offers commands, those below them, and options', () => {
  expect(offered('de')).toEqual(['deadletters', 'deploy'])
  expect(offered('domain', 'v')).toEqual(['verify'])
  expect(offered('--json', 'domain', '')).toEqual(expect.arrayContaining(['ls', 'add', 'verify', 'rm', '--tenant']))
  expect(offered('deploy', '--no')).toEqual(['--no-follow'])
  expect(offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
  expect(offered('domain', 'add', 'deploy', '--')).not.toContain('--no-follow')
})

test.each(['zsh', 'fish'] as const)('%s is told of every command', (shell) => {
  const script = completionScript(tree, shell)
  const paths = tree.commands.flatMap((each) => [each.path, ...each.commands.map(({ path }) => path)])
  expect(paths.length).toBeGreaterThan(30)
  for (const path of paths) expect(script).toContain(`'${path}'`)
})
