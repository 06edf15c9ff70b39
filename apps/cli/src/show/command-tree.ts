import type { CommandUnknownOpts } from '@commander-js/extra-typings'

/** A command as pages and shells are told of it. */
export interface CommandNode {
  /** `pushfn domain add` */
  path: string
  name: string
  summary: string
  description: string
  /** `<function> [folder]` */
  usage: string
  arguments: { name: string; description: string; isRequired: boolean; choices: readonly string[] }[]
  options: { flags: string; names: string[]; description: string; default?: string }[]
  commands: CommandNode[]
}

/** The tree that commander goes by, without what it adds itself. */
export const treeOf = (command: CommandUnknownOpts, above = ''): CommandNode => {
  const path = `${above}${command.name()}`
  return {
    path,
    name: command.name(),
    summary: command.summary() || command.description(),
    description: command.description(),
    usage: command.registeredArguments
      .map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`))
      .join(' '),
    arguments: command.registeredArguments.map((each) => ({
      name: each.name(),
      description: each.description,
      isRequired: each.required,
      choices: each.argChoices ?? [],
    })),
    options: command.options.map((each) => ({
      flags: each.flags,
      names: [each.short, each.long].filter((name) => name !== undefined && name !== null),
      description: each.description,
      ...(typeof each.defaultValue === 'string' && each.defaultValue !== '' && { default: each.defaultValue }),
    })),
    commands: command.commands.map((each) => treeOf(each, `${path} `)),
  }
}
