import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { readConfiguration, setting } from './configuration.ts'

const settings = {
  port: setting.port({ env: 'PORT', description: 'where it listens', default: '8080' }),
  url: setting.url({ env: 'URL', description: 'where it is' }),
  key: setting.secret({ env: 'KEY', description: 'what it signs with' }),
  name: setting.optionalText({ env: 'NAME', description: 'what it is called' }),
}
const right = { URL: 'http://a.example/', KEY: 'sixteen-characters!' }

test('defaults fill in, what is optional may be absent, URLs lose their last slash', () => {
  const config = readConfiguration(settings, right)
  expect(config.port).toBe(8080)
  expect(config.url).toBe('http://a.example')
  expect(config.name).toBeUndefined()
  expect(Object.isFrozen(config)).toBe(true)
})

test('every wrong or missing value is named, one line each', () => {
  expect(() => readConfiguration(settings, { PORT: '99999', URL: 'nowhere' })).toThrow(
    /^PORT is wrong: .*65535\nURL is wrong: it must be a URL.*\nKEY is not set: what it signs with$/,
  )
})

test('an empty value counts as not set', () => {
  expect(() => readConfiguration(settings, { ...right, URL: '' })).toThrow(/^URL is not set/)
})

test('a secret prints as [secret] in every way', () => {
  const { key } = readConfiguration(settings, right)
  expect(`${key} ${JSON.stringify({ key })} ${inspect({ key })}`).not.toContain('sixteen')
  expect(key.reveal()).toBe('sixteen-characters!')
})
