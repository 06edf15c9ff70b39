import type { CommandNode } from './command-tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** A script for a shell that completes commands and options. Names of functions and the like it does not know. */
export const completionScript = (tree: CommandNode, shell: Shell): string => SCRIPTS[shell](tree)

/** Every command, and what may follow it. */
const cases = (tree: CommandNode): { path: string; words: { word: string; about: string }[] }[] => {
  const global = tree.options.flatMap(({ names, description }) => names.map((word) => ({ word, about: description })))
  const walk = (node: CommandNode): ReturnType<typeof cases> => [
    {
      path: node.path,
      words: [
        ...node.commands.map(({ name, summary }) => ({ word: name, about: summary })),
        ...node.arguments.flatMap(({ choices }) => choices.map((word) => ({ word, about: '' }))),
        ...(node === tree
          ? []
          : node.options.flatMap(({ names, description }) => names.map((word) => ({ word, about: description })))),
        ...global,
      ],
    },
    ...node.commands.flatMap(walk),
  ]
  return walk(tree)
}

/** For single quotes, and on one line. */
const quoted = (text: string): string => `'${text.replace(/\s+/g, ' ').replaceAll("'", `'\\''`)}'`

/** The words so far that are commands; `take` is how a shell says that one is. */
const knownPaths = (tree: CommandNode): string =>
  cases(tree)
    .slice(1)
    .map(({ path }) => `      ${quoted(path)}) at="$at $word" ;;`)
    .join('\n')

const SCRIPTS: Readonly<Record<Shell, (tree: CommandNode) => string>> = {
  bash: (tree) => `# pushfn completion bash
_pushfn() {
  local at=pushfn word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
${knownPaths(tree)}
    esac
  done
  case "$at" in
${cases(tree)
  .map(({ path, words }) => `    ${quoted(path)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;`)
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pushfn pushfn
`,
  zsh: (tree) => `#compdef pushfn
# pushfn completion zsh
_pushfn() {
  local at=pushfn word
  local -a found
  for word in "\${words[@]:1:CURRENT-2}"; do
    case "$at $word" in
${knownPaths(tree)}
    esac
  done
  case "$at" in
${cases(tree)
  .map(
    ({ path, words }) =>
      `    ${quoted(path)}) found=(${words.map(({ word, about }) => quoted(`${word}:${about}`)).join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  _describe pushfn found || _files
}
compdef _pushfn pushfn
`,
  fish: (tree) => `# pushfn completion fish
function __pushfn_at
  set -l at pushfn
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${cases(tree)
        .slice(1)
        .map(({ path }) => quoted(path))
        .join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv"
end
${cases(tree)
  .flatMap(({ path, words }) =>
    words.map(
      ({ word, about }) =>
        `complete -c pushfn -n ${quoted(`__pushfn_at ${path}`)} -a ${quoted(word)} -d ${quoted(about)}`,
    ),
  )
  .join('\n')}
`,
}
