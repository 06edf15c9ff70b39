/** Loads the handler from `function/` and calls it for every request, as OpenFaaS's node templates do. */
import { existsSync } from 'node:fs'
import { answerer } from './answer.mjs'
import { readEvent } from './event.mjs'
import { serve, text } from './serve.mjs'

const ENTRIES = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `handler.${extension}`)

const load = async () => {
  const entry = [...ENTRIES, 'handler/index.js'].find((name) => existsSync(new URL(`function/${name}`, import.meta.url)))
  if (!entry) throw new Error('function/ holds no handler.js')
  const loaded = await import(new URL(`function/${entry}`, import.meta.url).href)
  const handler = [loaded.default, loaded.default?.default, loaded.handle].find((it) => typeof it === 'function')
  if (!handler) {
    throw new Error(`${entry} exports no function: write module.exports = async (event, context) => …, or export default`)
  }
  return handler
}

const handler = await load().catch((err) => {
  console.error(err)
  process.exit(1)
})

serve(async (req, res) => {
  const event = await readEvent(req)
  if (event.refused) return text(res, event.refused.status, event.refused.message)
  const { context, callback, settle, fail } = answerer(res)
  try {
    const returned = await handler(event, context, callback)
    // A handler of three parameters may call back after it has returned.
    if (returned !== undefined || handler.length < 3) settle(returned)
  } catch (err) {
    fail(err)
  }
})
