#!/usr/bin/env node
import module from 'node:module'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(
    `pushfn needs Node 22.12 or newer, and this is ${process.version}: in the clone, npm run -s pushfn has one`,
  )
  process.exit(2)
}
// The second start of a program need not compile it.
module.enableCompileCache()
await import('../dist/main.js')
