import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type Docker from 'dockerode'
import { Redis } from 'ioredis'
import { Client } from 'pg'

/**
 * Looks for secrets where none may be: as they are, in base64 at any offset, and escaped for URLs. Each function tells where
 * one was found.
 */
export const needlesOf = (secrets: readonly string[]): Buffer[] =>
  secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret), ...base64Of(secret)])
    .map((text) => Buffer.from(text))

/** What stays the same of a text's base64, whatever stands before and after it. */
const base64Of = (secret: string): string[] =>
  [0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${secret}`)
      .toString('base64')
      .slice(4, -4),
  )

const holds = (text: Buffer | string, needles: readonly Buffer[]): boolean => {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return needles.some((needle) => bytes.includes(needle))
}

export const inTexts = (texts: Readonly<Record<string, string>>, needles: readonly Buffer[]): string[] =>
  Object.entries(texts).flatMap(([name, text]) => (holds(text, needles) ? [name] : []))

/** The arguments of every process of the machine. */
export const inArguments = async (needles: readonly Buffer[]): Promise<string[]> => {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = ids.map(async (id) => {
    const line = await readFile(`/proc/${id}/cmdline`).catch(() => Buffer.alloc(0))
    return holds(line, needles) ? [`process ${line.toString().split('\0')[0]}`] : []
  })
  return (await Promise.all(found)).flat()
}

/** Every file under a folder, whatever comes and goes meanwhile. */
export const inFiles = async (folder: string, needles: readonly Buffer[]): Promise<string[]> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((): Dirent[] => [])
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return inFiles(path, needles)
    if (!entry.isFile()) return []
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    return holds(bytes, needles) ? [path] : []
  })
  return (await Promise.all(found)).flat()
}

/** Every row of every table; what is compressed is expanded. */
export const inDatabase = async (url: string, needles: readonly Buffer[]): Promise<string[]> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
    )
    const found: string[] = []
    for (const { name } of tables.rows) {
      const { rows } = await client.query<Record<string, unknown>>(`SELECT * FROM ${name}`)
      const isFound = rows.some((row) => Object.values(row).some((value) => holds(textOf(value), needles)))
      if (isFound) found.push(`table ${name}`)
    }
    return found
  } finally {
    await client.end()
  }
}

const textOf = (value: unknown): Buffer | string => {
  if (!Buffer.isBuffer(value)) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  return value[0] === 0x1f && value[1] === 0x8b ? gunzipSync(value) : value
}

/** Every key of Redis, with its name. */
export const inRedis = async (url: string, needles: readonly Buffer[]): Promise<string[]> => {
  const redis = new Redis(url)
  try {
    const found: string[] = []
    for (let cursor = '0', isOver = false; !isOver; isOver = cursor === '0') {
      const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000)
      cursor = next
      for (const key of keys) if (holds(`${key} ${JSON.stringify(await readKey(redis, key))}`, needles)) found.push(key)
    }
    return found
  } finally {
    redis.disconnect()
  }
}

const readKey = async (redis: Redis, key: string): Promise<unknown> => {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key)
    case 'hash':
      return redis.hgetall(key)
    case 'list':
      return redis.lrange(key, '0', '-1')
    case 'set':
      return redis.smembers(key)
    case 'zset':
      return redis.zrange(key, '0', '-1')
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      return undefined
  }
}

/** An image: how it was made, how it is described, and every byte of its layers. */
export const inImage = async (docker: Docker, id: string, needles: readonly Buffer[]): Promise<string[]> => {
  const image = docker.getImage(id)
  const about = { history: JSON.stringify(await image.history()), inspect: JSON.stringify(await image.inspect()) }
  const found = inTexts(about, needles).map((part) => `${part} of ${id}`)
  const longest = Math.max(...needles.map(({ length }) => length))
  let before = Buffer.alloc(0)
  for await (const chunk of await image.get()) {
    // A stream of the engine's is one of bytes.
    const bytes = Buffer.concat([before, chunk as Buffer])
    if (holds(bytes, needles)) return [...found, `layers of ${id}`]
    before = Buffer.from(bytes.subarray(-longest))
  }
  return found
}
