/**
 * Where a request wants to go, read from its host and its raw target. Nothing is decoded and nothing is normalised: the
 * function's name is what stands before the second slash, the rest goes on byte for byte, so that no spelling of a path
 * (`/a/../b`, `/a/..%2fb`) can cross from one function into another.
 */
export interface FunctionTarget {
  /** The route's key: `<host label>/<function>`. */
  key: string
  function: string
  /** What the function sees: the rest of the path, `/` when there is none, and the query as it came. */
  path: string
  isAsync: boolean
}

const SLASH = 47
const QUESTION_MARK = 63

/** A name or an address, and a port of digits: functions build links of the Host they are told (RFC 9112 §3.2). */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/** The host in lower case without port and without the root's dot; undefined for what is no host name. */
export const hostName = (header: string): string | undefined => {
  if (!HOST.test(header)) return undefined
  const colon = header.indexOf(':')
  let name = (colon === -1 ? header : header.slice(0, colon)).toLowerCase()
  if (name.endsWith('.')) name = name.slice(0, -1)
  return name.length === 0 ? undefined : name
}

/** The label in front of `suffix` (`.fn.example.com`), or undefined when the host is not right under it. */
export const hostLabel = (host: string, suffix: string): string | undefined => {
  if (!host.endsWith(suffix)) return undefined
  const label = host.slice(0, -suffix.length)
  return label.length === 0 || label.includes('.') || label.includes('/') ? undefined : label
}

/**
 * The path and query of a request target in origin form (`/path`) or absolute form (`http://host/path`, RFC 9112 §3.2.2,
 * where the authority must be the Host header's). Undefined for every other target.
 */
export const originForm = (target: string, hostHeader: string): string | undefined => {
  if (target.charCodeAt(0) === SLASH) return target
  const scheme = /^https?:\/\//i.exec(target)
  if (!scheme) return undefined
  const rest = target.slice(scheme[0].length)
  const end = rest.search(/[/?]/)
  const authority = end === -1 ? rest : rest.slice(0, end)
  if (authority.toLowerCase() !== hostHeader.toLowerCase()) return undefined
  if (end === -1) return '/'
  return rest.charCodeAt(end) === SLASH ? rest.slice(end) : `/${rest.slice(end)}`
}

/**
 * Splits `/<name>/rest?query`; `/function/<name>/rest` is the same function, as OpenFaaS spells it, and
 * `/async-function/<name>/rest` the same, later.
 */
export const functionTarget = (label: string, url: string): FunctionTarget => {
  const isAsync = url.startsWith('/async-function/')
  const from = isAsync ? 15 : url.startsWith('/function/') ? 9 : 0
  let end = from + 1
  for (; end < url.length; end += 1) {
    const code = url.charCodeAt(end)
    if (code === SLASH || code === QUESTION_MARK) break
  }
  const segment = url.slice(from, end)
  const rest = end === url.length ? '/' : url.slice(end)
  return {
    key: label + segment,
    function: segment.slice(1),
    path: rest.charCodeAt(0) === SLASH ? rest : `/${rest}`,
    isAsync,
  }
}

/** The target on a domain that a tenant brought itself: as on its own host, or all of it one function. */
export const ownTarget = (domain: { tenant: string; function: string | null }, url: string): FunctionTarget => {
  const { tenant, function: name } = domain
  if (name === null) return functionTarget(tenant, url)
  return { key: `${tenant}/${name}`, function: name, path: url, isAsync: false }
}
