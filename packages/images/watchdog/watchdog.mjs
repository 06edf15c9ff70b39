/**
 * Runs `fprocess` once per request: the body goes to its stdin as it comes, its stdout is the answer, its stderr the log
 * (or part of the answer with `combine_output=true`). The request's headers, method, path and query are in its
 * environment as `Http_*`, as OpenFaaS's classic watchdog has them.
 *
 * An exit code other than 0 is a 500. For that the answer's beginning is held back: until the process ends, or has
 * written 64 KiB, or has been writing for a second; what fails later is cut. `mode=streaming` holds nothing back.
 */
import { spawn } from 'node:child_process'
import { serve, text } from './serve.mjs'

const HELD_BYTES = 64 * 1024
const HELD_MS = 1_000

const [command, ...args] = (process.env.fprocess ?? '').split(/\s+/).filter(Boolean)
if (!command) {
  console.error('fprocess is not set: it names the program to run for each request, like “bash function/handler.sh”')
  process.exit(1)
}
const isCombined = process.env.combine_output === 'true'
const isHeld = process.env.mode !== 'streaming'
const contentType = process.env.content_type || 'text/plain; charset=utf-8'

const answer = (req, res, signal) => {
  // A process group of its own, so that what it starts ends with it.
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...requestEnvironment(req) },
    stdio: ['pipe', 'pipe', isCombined ? 'pipe' : 'inherit'],
  })
  const end = () => killGroup(child.pid)
  signal.addEventListener('abort', end)

  child.once('error', (err) => {
    console.error(`cannot start fprocess: ${err.message}`)
    text(res, 500, `cannot start ${command}: ${err.code ?? 'failed'}`)
  })
  // A process need not read its input.
  child.stdin.on('error', () => {})
  req.pipe(child.stdin)

  const out = holdBack(res, child)
  child.stdout.on('data', out.write)
  child.stderr?.on('data', out.write)
  child.once('close', (code, killedBy) => {
    signal.removeEventListener('abort', end)
    end()
    if (code === 0) return out.end()
    if (signal.aborted || child.pid === undefined) return
    const how = killedBy ? `was ended by ${killedBy}` : `exited with code ${code}`
    console.error(`${command} ${how}`)
    text(res, 500, `the function ${how}: see its log`)
  })
}

/** Collects the answer's beginning, then lets it through at the caller's pace. */
const holdBack = (res, child) => {
  let held = []
  let heldBytes = 0
  let timer
  const begin = () => {
    clearTimeout(timer)
    if (!held || res.headersSent || res.destroyed) return
    res.writeHead(200, { 'content-type': contentType })
    for (const chunk of held) res.write(chunk)
    held = undefined
  }
  const flow = () => {
    child.stdout.resume()
    child.stderr?.resume()
  }
  res.on('drain', flow)
  res.once('close', () => {
    clearTimeout(timer)
    flow()
  })
  return {
    write: (chunk) => {
      if (held) {
        held.push(chunk)
        heldBytes += chunk.length
        timer ??= setTimeout(begin, HELD_MS)
        if (!isHeld || heldBytes >= HELD_BYTES) begin()
        return
      }
      if (res.destroyed || res.write(chunk)) return
      child.stdout.pause()
      child.stderr?.pause()
    },
    end: () => {
      clearTimeout(timer)
      if (res.headersSent) return res.end()
      if (res.destroyed) return
      const body = Buffer.concat(held ?? [])
      res.writeHead(200, { 'content-type': contentType, 'content-length': body.length }).end(body)
    },
  }
}

const killGroup = (pid) => {
  try {
    if (pid) process.kill(-pid, 'SIGKILL')
  } catch (err) {
    if (err.code !== 'ESRCH') throw err
  }
}

/** `Http_Content_Type` and so on. `Proxy` is left out: programs take such a variable for their own proxy setting. */
const requestEnvironment = (req) => {
  const query = req.url.indexOf('?')
  const environment = {
    Http_Method: req.method,
    Http_Path: query < 0 ? req.url : req.url.slice(0, query),
    Http_Query: query < 0 ? '' : req.url.slice(query + 1),
  }
  for (const [name, value] of Object.entries(req.headers)) {
    if (name === 'proxy') continue
    const words = name.split('-').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    environment[`Http_${words.join('_')}`] = Array.isArray(value) ? value.join(', ') : value
  }
  if (req.headers['content-length']) environment.Http_ContentLength = req.headers['content-length']
  return environment
}

serve(answer)
