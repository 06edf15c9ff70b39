import { expect, test } from 'vitest'
import { imagePurl } from './image-purl.ts'

test.each([
  ['debian:bookworm-slim', 'pkg:docker/library/debian@bookworm-slim'],
  ['pushfn/base', 'pkg:docker/pushfn/base'],
  ['registry.example.com:5000/a/b/c:1', 'pkg:docker/a/b/c@1?repository_url=registry.example.com:5000'],
  [`node@sha256:${'a'.repeat(64)}`, `pkg:docker/library/node@sha256%3A${'a'.repeat(64)}`],
])('%s is %s', (image, purl) => {
  expect(decodeURIComponent(imagePurl(image))).toBe(decodeURIComponent(purl))
})
