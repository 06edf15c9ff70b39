import type { RepositoryName, TenantSlug } from './names.ts'

/** Where the cloud answers. `functions`: `http://fn.localhost:8080`; `console`: `http://console.localhost:8080`. */
export interface CloudUrls {
  functionsUrl: string
  consoleUrl: string
}

/** `https://<host>.<functions domain>/<function>` */
export const functionUrl = (urls: CloudUrls, hostLabel: string, name: string): string => {
  const url = new URL(urls.functionsUrl)
  return `${url.protocol}//${hostLabel}.${url.host}/${name}`
}

export const buildPageUrl = (urls: CloudUrls, build: string): string =>
  new URL(`/builds/${build}`, urls.consoleUrl).href

export const gitUrl = (urls: CloudUrls, tenant: TenantSlug, repository: RepositoryName): string =>
  new URL(`/git/${tenant}/${repository}.git`, urls.consoleUrl).href
