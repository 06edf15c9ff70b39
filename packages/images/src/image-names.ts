export interface ImagePolicy {
  /** Images below these names are tenants' (`pushfn.local/`); only those below `ownPrefix` may be built upon. */
  tenantsPrefixes: readonly string[]
  ownPrefix: string
}

/** Why a tenant may not build upon an image of this name, if so. */
export const imageProblem = (image: string, policy: ImagePolicy): string | undefined => {
  const name = normalName(image)
  const isOwn = name.startsWith(normalName(policy.ownPrefix))
  if (isOwn) return undefined
  if (/^(sha256:)?[0-9a-f]{6,64}$/i.test(image))
    return `${image} is an image of this machine by its id: name an image of a registry`
  if (policy.tenantsPrefixes.some((prefix) => name.startsWith(normalName(prefix)))) {
    return `${image} is another tenant’s image`
  }
  if (isInternalHost(name.slice(0, name.indexOf('/')))) return `${image} names a registry inside the cloud’s network`
  return undefined
}

/**
 * A name as Docker fills it in, so that one image has one name: `node` is `docker.io/library/node`. A registry's usual
 * port and its case do not count.
 * https://github.com/distribution/reference/blob/main/normalize.go
 */
export const normalName = (image: string): string => {
  const lower = image.toLowerCase()
  const slash = lower.indexOf('/')
  const first = lower.slice(0, Math.max(slash, 0))
  if (!/[.:]/.test(first) && first !== 'localhost') return `docker.io/${slash < 0 ? 'library/' : ''}${lower}`
  const host = first.replace(/:(443|80)$/, '').replace(/^(index|registry-1|www)\.docker\.io$/, 'docker.io')
  const rest = lower.slice(slash + 1)
  return `${host}/${host === 'docker.io' && !rest.includes('/') ? 'library/' : ''}${rest}`
}

/** Addresses, in whatever notation, and names that are nobody's on the internet. */
const isInternalHost = (host: string): boolean => {
  const bare = host.replace(/:\d+$/, '')
  return (
    !bare.includes('.') ||
    /^[\d.]+$|^0x|^\[/.test(bare) ||
    /(^|\.)(localhost|local|internal|lan|home\.arpa)$/.test(bare)
  )
}

/**
 * Whether a name is one of an image at all: others BuildKit refuses, and they never become part of a question to the
 * engine.
 */
export const isImageName = (image: string): boolean =>
  image.length <= 512 &&
  new RegExp(`^(?:${HOST}/)?${PART}(?:/${PART})*(?::\\w[\\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`).test(image)

const HOST = '[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?'
const PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
