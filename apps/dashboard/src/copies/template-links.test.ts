import { expect, test } from 'vitest'
import { copyAtGithub, nameFrom } from './template-links.ts'

test.each([
  ['https://github.com/acme/hello', 'hello'],
  ['https://github.com/acme/hello.git/', 'hello'],
  ['https://example.com/a/b%20c#main', 'b-20c'],
  ['https://example.com', ''],
  ['javascript:alert(1)', 'alert-1-'],
  ['no address', ''],
])('a copy of “%s” is called “%s”', (template, name) => {
  expect(nameFrom(template)).toBe(name)
})

test.each([
  ['https://github.com/acme/hello.git#v1', 'https://github.com/new?template_owner=acme&template_name=hello&name=hello'],
  ['https://github.com/acme', undefined],
  ['http://github.com/acme/hello', undefined],
  ['https://github.com.evil.example/acme/hello', undefined],
  ['javascript:alert(1)', undefined],
  ['no address', undefined],
])('“%s” is copied at GitHub by %s', (template, link) => {
  expect(copyAtGithub(template)).toBe(link)
})
