import { Option } from '@commander-js/extra-typings'
import type { OpenContext, Root } from '../root.ts'

/** What makes functions, and how that goes. */
export const addBuildCommands = (program: Root, open: OpenContext): void => {
  program
    .command('builds')
    .argument('[id]')
    .summary('list builds, or follow one')
    .description(
      'Lists the newest builds. With an id, follows that build from its beginning to its end, and ends with 0 when it went live\nor had nothing to do, else with 1. With --json, one event of the stream a line.',
    )
    .addOption(new Option('-n, --limit <count>', 'how many are listed, 100 at most').default('30'))
    .option('--before <id>', 'those before this one')
    .action(async (id, options) => {
      if (id !== undefined) return (await import('../actions/show-build.ts')).showBuild(open(), id)
      return (await import('../actions/list-builds.ts')).listBuilds(open(), options)
    })
  program
    .command('deploy')
    .argument('[folder]', 'what is deployed; else the nearest folder upwards that has a stack.yml')
    .summary('deploy the working directory, without a commit')
    .description(
      'Pushes what stands in a folder as it is, without a commit of yours, and follows the build. What .gitignore names is left\nout; your repository, its index and branches stay as they are. For tenants of the cloud’s own Git server. With --ref it\npushes nothing, and deploys what the repository has under that branch or tag, at whatever forge it is.',
    )
    .option('--name <repository>', 'of the repository here; else the folder’s name')
    .option('--ref <ref>', 'a branch or a tag, or a commit (40 digits), as it was pushed')
    .option('--no-follow', 'do not wait for the build')
    .action(async (folder, options) => (await import('../actions/deploy.ts')).deploy(open(), folder, options))
}
