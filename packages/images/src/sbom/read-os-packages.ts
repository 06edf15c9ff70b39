import { type FoundPackage, tidy } from './found-package.ts'

/** Debian's database of installed packages. https://manpages.debian.org/bookworm/dpkg-dev/deb-control.5.en.html */
export const readDpkgStatus = (text: string): FoundPackage[] =>
  text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string) => tidy(new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(paragraph)?.[1])
    const name = field('Package')
    const version = field('Version')
    const status = field('Status')
    if (!name || !version || (status !== undefined && !status.endsWith(' installed'))) return []
    return [{ kind: 'deb', name, version, arch: field('Architecture') }]
  })

/** Alpine's. https://wiki.alpinelinux.org/wiki/Apk_spec */
export const readApkInstalled = (text: string): FoundPackage[] =>
  text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (letter: string) => tidy(new RegExp(`^${letter}:(.*)$`, 'm').exec(paragraph)?.[1])
    const name = field('P')
    const version = field('V')
    return name && version ? [{ kind: 'apk', name, version, arch: field('A'), license: field('L') }] : []
  })

/** Which system it is. https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
export const readOsRelease = (text: string): { id: string; version: string | undefined } | undefined => {
  const field = (name: string) => tidy(new RegExp(`^${name}=["']?([a-z0-9._-]+)["']?$`, 'm').exec(text)?.[1])
  const id = field('ID')
  return id === undefined ? undefined : { id, version: field('VERSION_ID') }
}
