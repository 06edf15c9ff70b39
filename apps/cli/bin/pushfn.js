#!/usr/bin/env node
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `pushfn needs Node 22.12 or newer, and this is ${process.version}: in the clone, npm run -s pushfn has one`,
  )
  process.exit(2)
}
// The second start of a program need not compile it. In a folder of one's own: what stands there is run, and Node's usual
// place for it is one where others may write.
module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pushfn'))
await import('../dist/main.js')
