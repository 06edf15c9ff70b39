import type { Root } from '../root.ts'
import { treeOf } from '../show/command-tree.ts'
import { completionScript, type Shell } from '../show/completion-script.ts'

export const completion = (program: Root, shell: Shell): void => {
  process.stdout.write(completionScript(treeOf(program), shell))
}
