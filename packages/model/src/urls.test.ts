import { expect, it } from 'vitest'
import { RepositoryName, TenantSlug } from './names.ts'
import { buildPageUrl, functionUrl, gitUrl } from './urls.ts'

const local = { functionsUrl: 'http://fn.localhost:8080', consoleUrl: 'http://console.localhost:8080' }
const cloud = { functionsUrl: 'https://fn.example.com/', consoleUrl: 'https://console.example.com/' }

it('a function has a URL on its tenant’s host', () => {
  expect(functionUrl(local, 'ada', 'hello')).toBe('http://ada.fn.localhost:8080/hello')
  expect(functionUrl(cloud, 'ada', 'hello')).toBe('https://ada.fn.example.com/hello')
})

it('a revision and a pull request have hosts of their own', () => {
  expect(functionUrl(cloud, '1a2b3c4d--ada', 'hello')).toBe('https://1a2b3c4d--ada.fn.example.com/hello')
  expect(functionUrl(cloud, 'pr-7-site--ada', 'hello')).toBe('https://pr-7-site--ada.fn.example.com/hello')
})

it('a build has a page on the console', () => {
  expect(buildPageUrl(local, '0190')).toBe('http://console.localhost:8080/builds/0190')
})

it('a repository is pushed to on the console’s host', () => {
  const [tenant, repository] = [TenantSlug.parse('ada'), RepositoryName.parse('site.v2')]
  expect(gitUrl(cloud, tenant, repository)).toBe('https://console.example.com/git/ada/site.v2.git')
})
