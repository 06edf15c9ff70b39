import { plainLine } from './plain.ts'
import { style } from './style.ts'

const GAP = '  '
const LEAST_WIDTH = 12

/**
 * Rows under their headings, each column as wide as its widest cell. The last one is cut where the terminal ends when it is
 * prose (`isCut`), and never when somebody may want to copy it.
 */
export const columns = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { isCut = false, width = process.stdout.columns ?? 80 }: { isCut?: boolean; width?: number } = {},
): string => {
  const cells = rows.map((row) => row.map(plainLine))
  const widths = headings.map((heading, n) => Math.max(heading.length, ...cells.map((row) => row[n]?.length ?? 0)))
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  const line = (row: readonly string[]) =>
    row
      .map((cell, n) => {
        if (n < row.length - 1) return cell.padEnd(widths[n] ?? 0)
        return isCut ? cutTo(cell, Math.max(LEAST_WIDTH, width - before)) : cell
      })
      .join(GAP)
      .trimEnd()
  return [style('dim', line(headings)), ...cells.map(line)].join('\n')
}

const cutTo = (text: string, length: number): string => {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`
}
