import type { Fault } from '@pushfn/model/errors'
import { type Options, parse } from 'acorn'

/** Larger files are bundles: a tool has parsed them already. */
const MAX_CHARACTERS = 1024 * 1024

/**
 * What is wrong with the syntax of a Node handler's entry, with line and column; undefined when it parses, as CommonJS or
 * as an ES module. Nothing of it is run. TypeScript is left to the runtime, which tells at its start.
 */
export const syntaxFault = (source: string, file: string): Fault | undefined => {
  if (source.length > MAX_CHARACTERS || /\.[cm]?ts$/.test(file)) return undefined
  const asScript = file.endsWith('.mjs') ? undefined : parseProblem(source, 'script')
  if (!asScript && !file.endsWith('.mjs')) return undefined
  const asModule = file.endsWith('.cjs') ? undefined : parseProblem(source, 'module')
  if (!asModule && !file.endsWith('.cjs')) return undefined
  // Of the two, what the author meant: the one whose parse came further.
  const problem = asScript && asModule ? (asScript.pos > asModule.pos ? asScript : asModule) : (asScript ?? asModule)
  if (!problem) return undefined
  const { line, column } = problem.loc
  return { message: `does not compile: ${problem.message}`, place: { file, line, column: column + 1 } }
}

interface Problem {
  message: string
  pos: number
  loc: { line: number; column: number }
}

const parseProblem = (source: string, sourceType: 'script' | 'module'): Problem | undefined => {
  const options: Options = {
    ecmaVersion: 'latest',
    sourceType,
    allowHashBang: true,
    // Node puts a CommonJS file into a function.
    allowReturnOutsideFunction: sourceType === 'script',
    allowSuperOutsideMethod: false,
  }
  try {
    parse(source, options)
    return undefined
  } catch (err) {
    // Nested deeper than the parser's stack: it says nothing of the syntax.
    if (!(err instanceof SyntaxError) || !('loc' in err)) return undefined
    // The parser documents `pos` and `loc` on the SyntaxErrors it throws; its types leave them out.
    const { pos, loc } = err as SyntaxError & Problem
    return { message: err.message.replace(/ \(\d+:\d+\)$/, ''), pos, loc }
  }
}
