import type { CommandNode } from './command-tree.ts'

/** Every command as a page of Markdown tells of it. */
export const reference = (tree: CommandNode): string =>
  `${[`## Options of every command\n\n${optionTable(tree)}`, ...tree.commands.flatMap(sections)].join('\n\n')}\n`

const sections = (node: CommandNode): string[] =>
  node.commands.length > 0 ? node.commands.flatMap(sections) : [section(node)]

const section = (node: CommandNode): string => {
  const described = node.arguments.filter(({ description, choices }) => description || choices.length > 0)
  return [
    `## ${node.path}`,
    `    ${[node.path, node.usage].filter(Boolean).join(' ')}`,
    node.description,
    ...(described.length > 0 || node.options.length > 0 ? [argumentTable(node)] : []),
  ].join('\n\n')
}

const optionTable = ({ options }: CommandNode): string => table(options.map(optionRow))

const argumentTable = (node: CommandNode): string =>
  table([
    ...node.arguments
      .filter(({ description, choices }) => description || choices.length > 0)
      .map(({ name, description, choices }): [string, string] => [name, description || choices.join(', ')]),
    ...node.options.map(optionRow),
  ])

const optionRow = (option: CommandNode['options'][number]): [string, string] => [
  option.flags,
  option.default === undefined ? option.description : `${option.description} (${option.default})`,
]

const table = (rows: readonly [string, string][]): string =>
  ['| | |', '|---|---|', ...rows.map(([name, about]) => `| \`${name}\` | ${about.replaceAll('|', '\\|')} |`)].join('\n')
