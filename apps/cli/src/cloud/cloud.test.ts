import { expect, test } from 'vitest'
import { Failure } from '../failure.ts'
import { cloudUrlFrom } from './cloud.ts'

test.each([
  ['https://console.example.com/builds/1?x=2', 'https://console.example.com'],
  ['console.example.com', 'https://console.example.com'],
  ['http://console.localhost:8080/', 'http://console.localhost:8080'],
  ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
])('%s is the cloud %s', (text, url) => {
  expect(cloudUrlFrom(text)).toBe(url)
})

test.each([
  'http://console.example.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'https://me:pf_secret@console.example.com',
  'ftp://console.example.com/ x',
  '',
])('%s is refused, for a token would be read on its way or go nowhere', (text) => {
  expect(() => cloudUrlFrom(text)).toThrow(Failure)
})

test('a token that somebody wrote into an address is not told again', () => {
  expect(() => cloudUrlFrom('https://me:pf_secret@console.example.com')).toThrow(/^(?!.*pf_secret)/)
})
