import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { type Pack, pack } from 'tar-stream'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cyclonedx } from './cyclonedx.ts'
import { createPackageReader, type ImageContents } from './package-reader.ts'
import { readTar } from './read-tar.ts'

const DPKG = `Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u8
Description: C library
 Package: not-this

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0
`

const json = (value: unknown) => JSON.stringify(value)
const varint = (length: number) => Buffer.from([(length & 0x7f) | 0x80, length >> 7])
const aGoProgram = () => {
  const modules =
    '\x30w\xaf\x0cpath\tx\nmod\tx\t(devel)\ndep\tgolang.org/x/text\tv0.3.0\th1:a\ndep\tb.example/c\tv1.0.0\n=>\tb.example/d\tv1.1.0\th1:b\n'
  const text = Buffer.from(modules, 'latin1')
  const header = Buffer.concat([Buffer.from('\xff Go buildinf:\x08\x02', 'latin1'), Buffer.alloc(16)])
  return Buffer.concat([
    Buffer.from('\x7fELF', 'latin1'),
    Buffer.alloc(600_000),
    header,
    varint(8),
    Buffer.from('go1.22.1'),
    varint(text.length),
    text,
  ])
}

const FILES: Readonly<Record<string, string | Buffer>> = {
  'usr/lib/os-release': 'PRETTY_NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
  'var/lib/dpkg/status': DPKG,
  'home/app/function/node_modules/left-pad/package.json': json({
    name: 'left-pad',
    version: '1.3.0',
    license: 'WTFPL',
  }),
  'home/app/function/node_modules/@a/b/package.json': json({ name: '@a/b', version: '2.0.0', license: 'See LICENSE' }),
  'home/app/function/node_modules/left-pad/test/package.json': json({ name: 'inner', version: '9.9.9' }),
  'home/app/function/node_modules/.package-lock.json': json({
    packages: { 'node_modules/left-pad': { integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}` } },
  }),
  'home/app/python/Flask_Cors-4.0.0.dist-info/METADATA':
    'Metadata-Version: 2.1\nName: Flask_Cors\nVersion: 4.0.0\nLicense-Expression: MIT OR Apache-2.0\n\nName: not-this\n',
  'usr/bin/program': aGoProgram(),
}

type Entry = (tar: Pack) => void
const aFile =
  (name: string, content: string | Buffer): Entry =>
  (tar) =>
    tar.entry({ name, mode: 0o755 }, content)

const read = async (entries: readonly Entry[], limits = { bytes: 2 ** 30, entries: 1_000 }): Promise<ImageContents> => {
  const tar = pack()
  for (const entry of entries) entry(tar)
  tar.finalize()
  const reader = createPackageReader()
  await readTar(Readable.from(tar), { reader, folder: '', limits, signal: AbortSignal.timeout(10_000) })
  return reader.contents()
}
const readFiles = (files: Readonly<Record<string, string | Buffer>>) =>
  read(Object.entries(files).map(([name, content]) => aFile(name, content)))

const sbomOf = (contents: ImageContents) =>
  cyclonedx({
    image: { name: 'pushfn.local/acme/shop-a:latest-main-1234567', digest: `sha256:${'a'.repeat(64)}` },
    contents,
    version: '0.1.0',
    at: new Date(0),
  })

const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** CycloneDX's own schema, as its own library brings it. */
const officialSchema = once(async () => {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json')),
    'res/schema',
  )
  const load = async (name: string) =>
    z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(await readFile(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8')))
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'idn-email': true, 'iri-reference': true } })
  addFormats.default(ajv)
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs']) {
    ajv.addSchema(await load(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`)
  }
  return ajv.compile(await load('bom-1.6'))
})

describe('a bill of materials', () => {
  test('names what the files of an image tell of, by package URL, with licences and hashes, as CycloneDX wants it', async () => {
    const contents = await readFiles(FILES)
    const sbom = sbomOf(contents)
    expect(contents.isPartial).toBe(false)
    expect(sbom.components.map((component) => Object(component).purl ?? Object(component).name)).toEqual([
      'debian',
      'pkg:deb/debian/libc6@2.36-9+deb12u8?arch=amd64&distro=debian-12',
      'pkg:golang/b.example/d@v1.1.0',
      'pkg:golang/golang.org/x/text@v0.3.0',
      'pkg:golang/stdlib@1.22.1',
      'pkg:npm/%40a/b@2.0.0',
      'pkg:npm/left-pad@1.3.0',
      'pkg:pypi/flask-cors@4.0.0',
    ])
    expect(sbom.components).toContainEqual(
      expect.objectContaining({
        name: 'left-pad',
        licenses: [{ expression: 'WTFPL' }],
        hashes: [{ alg: 'SHA-512', content: '01'.repeat(64) }],
      }),
    )
    expect(sbom.components).toContainEqual(
      expect.objectContaining({ licenses: [{ license: { name: 'See LICENSE' } }] }),
    )
    expect(sbom.components).toContainEqual(expect.objectContaining({ licenses: [{ expression: 'MIT OR Apache-2.0' }] }))
    const validate = await officialSchema()
    validate(sbom)
    expect(validate.errors).toBeNull()
    // The schema can say no.
    expect(validate({ ...sbom, components: [{ type: 'library' }] })).toBe(false)
  })

  test('of hostile files is valid too, and says nothing that is no package', async () => {
    const hostile = [
      '',
      '{',
      '[]',
      'null',
      '"x"',
      json({ name: '__proto__', version: {} }),
      json({ name: '../../etc', version: '1' }),
    ]
    const names = ['a\u0000b', 'a\nb', 'x'.repeat(10_000), '%', '@', '@a/b/c', '\ud800', ' ']
    const texts = [
      ...hostile,
      ...names.flatMap((name) => [json({ name, version: '1' }), json({ name: 'x', version: name, license: name })]),
    ]
    const node = texts.map((text, n) => [`node_modules/p${n}/package.json`, text])
    const python = names.map((name, n) => [
      `p${n}.dist-info/METADATA`,
      `Name: ${name}\nVersion: ${name}\nLicense: ${name}\n`,
    ])
    const dpkg = ['var/lib/dpkg/status', names.map((name) => `Package: ${name}\nVersion: ${name}\n`).join('\n')]
    const go = [
      'bin/x',
      Buffer.concat([
        Buffer.from('\x7fELF'),
        Buffer.alloc(600_000),
        Buffer.from('\xff Go buildinf:\x08\x02', 'latin1'),
      ]),
    ]
    const sbom = sbomOf(await readFiles(Object.fromEntries([...node, ...python, dpkg, go])))
    const validate = await officialSchema()
    validate(sbom)
    expect(validate.errors).toBeNull()
    expect(json(sbom)).not.toContain('etc')
    expect(({} as Record<string, unknown>).version).toBeUndefined()
  })
})

describe('an archive', () => {
  test('is read no further than its limits, takes no links for files, and the bill says that it is not all', async () => {
    const one = aFile('node_modules/a/package.json', json({ name: 'a', version: '1.0.0' }))
    const two = aFile('node_modules/b/package.json', json({ name: 'b', version: '1.0.0' }))
    const all = await read([one, two])
    expect([all.packages.length, all.isPartial]).toEqual([2, false])
    const few = await read([one, two], { bytes: 2 ** 30, entries: 1 })
    expect([few.packages.length, few.isPartial]).toEqual([1, true])
    expect(sbomOf(few).compositions).toEqual([{ aggregate: 'incomplete', assemblies: ['image'] }])
    const large = await read([aFile('node_modules/a/package.json', ' '.repeat(2_000_000)), two])
    expect([large.packages.map(({ name }) => name), large.isPartial]).toEqual([['b'], true])
    const linked = await read([
      (tar) => tar.entry({ name: 'var/lib/dpkg/status', type: 'symlink', linkname: '/etc/shadow' }),
      (tar) => tar.entry({ name: '../../node_modules/c/package.json', type: 'link', linkname: 'x' }),
      two,
    ])
    expect(linked.packages.map(({ name }) => name)).toEqual(['b'])
  })

  test('that breaks off is an error, and one that hangs ends with its signal', async () => {
    const reader = createPackageReader()
    const about = { reader, folder: '', limits: { bytes: 1e9, entries: 9 } }
    const broken = pack()
    broken.on('error', () => undefined)
    const file = broken.entry({ name: 'a', size: 100 }).on('error', () => undefined)
    file.write('half')
    const half = Readable.from(broken)
    setTimeout(() => half.destroy(new Error('gone')), 20)
    await expect(readTar(half, { ...about, signal: AbortSignal.timeout(10_000) })).rejects.toThrow('gone')
    const hangs = new Readable({ read: () => undefined })
    await expect(readTar(hangs, { ...about, signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout')
  })
})
