import { PackageURL } from 'packageurl-js'
import { normalName } from './image-names.ts'

/**
 * An image's name as a package URL: `pkg:docker/library/debian@bookworm-slim`.
 * https://github.com/package-url/purl-spec/blob/main/types-doc/docker-definition.md
 */
export const imagePurl = (image: string): string => {
  const [, name = '', tag, digest] = /^([^@]*?)(?::([\w][\w.-]*))?(?:@(sha256:.*))?$/.exec(normalName(image)) ?? []
  const [host = '', ...path] = name.split('/')
  const registry = host === 'docker.io' ? undefined : { repository_url: host }
  return new PackageURL(
    'docker',
    path.slice(0, -1).join('/'),
    path.at(-1) ?? '',
    digest ?? tag,
    registry,
    undefined,
  ).toString()
}
