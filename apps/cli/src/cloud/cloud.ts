import { Failure } from '../failure.ts'

/** A cloud, and who asks it. */
export interface Cloud {
  /** Of its console, without a path: `https://console.example.com`. */
  url: string
  token: string
  /** Whose token it is; undefined for an operator's, and while nobody has asked. */
  tenant?: string | undefined
}

/** Names of this machine, which a bare system need not resolve (RFC 6761): browsers, curl and git know them by themselves. */
export const isLocalName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost')

const isLoopback = (host: string): boolean => isLocalName(host) || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)

/** The address of a console as people write it. Throws Failure for what is none, and where the token could be read on its way. */
export const cloudUrlFrom = (text: string): string => {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new Failure('usage', 'that is no address of a cloud', {
      hint: 'it is one such as https://console.example.com, without a token in it',
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Failure('usage', `${url.origin} is not encrypted: the token could be read on its way`, {
      hint: `use https://${url.host}; http is for clouds on this machine`,
    })
  }
  return url.origin
}
