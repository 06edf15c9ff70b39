import { randomUUID } from 'node:crypto'
import { PackageURL } from 'packageurl-js'
import { imagePurl } from '../image-purl.ts'
import type { FoundPackage } from './found-package.ts'
import { licenses } from './licenses.ts'
import type { ImageContents } from './package-reader.ts'

export interface SbomFacts {
  image: { name: string; digest: string }
  contents: ImageContents
  /** Of Pushfn. */
  version: string
  at: Date
}

const MAIN = 'image'

/** A bill of materials as CycloneDX 1.6 has it. https://cyclonedx.org/docs/1.6/json/ */
export const cyclonedx = ({ image, contents, version, at }: SbomFacts) => ({
  $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  serialNumber: `urn:uuid:${randomUUID()}`,
  version: 1,
  metadata: {
    timestamp: at.toISOString(),
    tools: { components: [{ type: 'application', name: 'pushfn', version }] },
    component: {
      type: 'container',
      'bom-ref': MAIN,
      name: image.name,
      version: image.digest,
      purl: imagePurl(image.name),
      hashes: [{ alg: 'SHA-256', content: image.digest.slice(image.digest.lastIndexOf(':') + 1) }],
    },
  },
  components: [...system(contents), ...libraries(contents)],
  compositions: [{ aggregate: contents.isPartial ? 'incomplete' : 'unknown', assemblies: [MAIN] }],
})

const system = ({ os }: ImageContents) =>
  os ? [{ type: 'operating-system', 'bom-ref': 'os', name: os.id, ...(os.version && { version: os.version }) }] : []

/** One package that stands in several places is named once. */
const libraries = (contents: ImageContents) => {
  const byPurl = new Map<string, object>()
  for (const found of contents.packages) {
    const purl = purlOf(found, contents.os)
    if (purl === undefined || byPurl.has(purl)) continue
    const { name, version, hash } = found
    byPurl.set(purl, {
      type: 'library',
      'bom-ref': purl,
      name,
      version,
      purl,
      ...(found.license && { licenses: licenses(found.license) }),
      ...(hash && { hashes: [{ alg: hash.algorithm, content: hash.hex }] }),
    })
  }
  return [...byPurl].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component)
}

/** Undefined for a name that cannot be one of its kind. https://github.com/package-url/purl-spec */
const purlOf = ({ kind, name, version, arch }: FoundPackage, os: ImageContents['os']): string | undefined => {
  const slash = name.lastIndexOf('/')
  const [namespace, rest] = slash > 0 ? [name.slice(0, slash), name.slice(slash + 1)] : [undefined, name]
  const isOfSystem = kind === 'deb' || kind === 'apk'
  const distribution = isOfSystem ? (os?.id ?? (kind === 'deb' ? 'debian' : 'alpine')) : namespace
  const qualifiers = {
    ...(isOfSystem && arch && { arch }),
    ...(isOfSystem && os?.version && { distro: `${os.id}-${os.version}` }),
  }
  try {
    return new PackageURL(kind, distribution, rest, version, qualifiers, undefined).toString()
  } catch {
    return undefined
  }
}
