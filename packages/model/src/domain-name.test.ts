import { describe, expect, it } from 'vitest'
import { DomainName, domainRecord, isWithin } from './domain-name.ts'

describe('DomainName', () => {
  it.each([
    ['shop.example.com', 'shop.example.com'],
    ['  Shop.Example.COM. ', 'shop.example.com'],
    ['bücher.example.com', 'xn--bcher-kva.example.com'],
    ['xn--bcher-kva.example.com', 'xn--bcher-kva.example.com'],
    ['日本語.example', 'xn--wgv71a119e.example'],
    ['a-b.c1.example', 'a-b.c1.example'],
  ])('reads %s as %s', (written, name) => {
    expect(DomainName.parse(written)).toBe(name)
  })

  it.each([
    '',
    '.',
    'localhost',
    'com',
    'shop.localhost',
    'printer.local',
    '*.example.com',
    '*',
    'https://shop.example.com',
    'shop.example.com/path',
    'shop.example.com:8080',
    'user@shop.example.com',
    'shop.example.com?x',
    'shop.example.com#x',
    'shop..example.com',
    '-shop.example.com',
    'shop_1.example.com',
    'shop .example.com',
    'shop.example.com\r\nx: y',
    'shop.example.com\\evil',
    'shop%2eexample.com',
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    'shop.example.1',
    `${'a'.repeat(64)}.example.com`,
    `${'a.'.repeat(125)}example.com`,
    'x'.repeat(5_000),
  ])('refuses %j', (written) => {
    expect(DomainName.safeParse(written).success).toBe(false)
  })

  it('says what is wrong', () => {
    const told = (written: string) => DomainName.safeParse(written).error?.issues[0]?.message
    expect(told('*.example.com')).toBe('"*.example.com" is a wildcard: name each host')
    expect(told('10.0.0.1')).toContain('is an address')
  })
})

it('tells which record proves a domain, and what is within another', () => {
  expect(domainRecord('shop.example.com', 'abc')).toEqual({
    name: '_pushfn.shop.example.com',
    type: 'TXT',
    value: 'pushfn-verify=abc',
  })
  expect(isWithin('a.fn.example.com', 'fn.example.com')).toBe(true)
  expect(isWithin('fn.example.com', 'fn.example.com')).toBe(true)
  expect(isWithin('evilfn.example.com', 'fn.example.com')).toBe(false)
})
