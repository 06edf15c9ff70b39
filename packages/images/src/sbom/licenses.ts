import { createRequire } from 'node:module'
import { z } from 'zod'

const require = createRequire(import.meta.url)
const KNOWN: ReadonlySet<string> = new Set(z.array(z.string()).parse(require('spdx-license-ids')))

/** What an author says of the licence: an SPDX expression when every licence in it is one that SPDX knows, else just words. */
export const licenses = (text: string) => (isExpression(text) ? [{ expression: text }] : [{ license: { name: text } }])

const isExpression = (text: string): boolean => {
  const words = text.replace(/[()]/g, ' ').trim().split(/\s+/)
  const isOperator = (word: string) => word === 'AND' || word === 'OR'
  return words.every((word, n) => (n % 2 === 1 ? isOperator(word) : KNOWN.has(word.replace(/\+$/, ''))))
}
