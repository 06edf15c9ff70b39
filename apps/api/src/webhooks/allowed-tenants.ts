import { readFile } from 'node:fs/promises'
import type { ForgeKind } from '@pushfn/forge/forge'
import type { Log } from '@pushfn/kit/log'
import type { Transaction } from '@pushfn/store/database'
import { isInAllowedTable } from '@pushfn/store/tenants'

const REFRESH_MS = 300_000
const FETCH_LIMIT_MS = 10_000
const MAX_LIST_BYTES = 1_048_576

/** Who may be a tenant: the table, and beside it OpenFaaS Cloud's list of customers from a file or URL. */
export interface AllowedTenants extends Disposable {
  has(tx: Transaction, forge: ForgeKind, login: string): Promise<boolean>
}

/**
 * The list is read now and every 5 minutes, never while a webhook waits. A list that cannot be read leaves the former
 * one in force and is told to the log.
 */
export const loadAllowedTenants = async (options: {
  isAnyoneAllowed: boolean
  customersPath: string | undefined
  customersUrl: string | undefined
  log: Log
}): Promise<AllowedTenants> => {
  const lists = new Map<string, ReadonlySet<string>>()
  const read = async (source: string, load: () => Promise<string>) => {
    try {
      lists.set(source, parseCustomers(await load()))
    } catch (err) {
      options.log.error({ err, source }, 'the list of customers cannot be read')
    }
  }
  const refresh = async () => {
    const { customersPath: path, customersUrl: url } = options
    if (path) await read(path, () => readFile(path, 'utf8'))
    if (url) await read(url, () => fetchText(url))
  }
  await refresh()
  const timer = setInterval(refresh, REFRESH_MS).unref()
  return {
    has: async (tx, forge, login) => {
      if (options.isAnyoneAllowed) return true
      const name = login.toLowerCase()
      if ([...lists.values()].some((list) => isListed(list, forge, name))) return true
      return isInAllowedTable(tx, forge, name)
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** OpenFaaS Cloud's lines are bare logins: they are GitHub's. Somebody of that name elsewhere may be somebody else. */
const isListed = (list: ReadonlySet<string>, forge: ForgeKind, name: string): boolean =>
  list.has(`${forge}:${name}`) || (forge === 'github' && list.has(name))

/** One login a line; empty lines and `#` comments are left out. */
export const parseCustomers = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.replace(/#.*/, '').trim().toLowerCase())
      .filter(Boolean),
  )

const fetchText = async (url: string): Promise<string> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_LIMIT_MS), redirect: 'error' })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const text = await response.text()
  if (text.length > MAX_LIST_BYTES) throw new Error(`longer than ${MAX_LIST_BYTES} bytes`)
  return text
}
