import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type Docker from 'dockerode'
import { SetupError } from '../stage.mjs'
import { followProgress } from './follow-progress.ts'
import { runCommand } from './run-command.ts'
import { DEBOOTSTRAP, installSystemPackages } from './system-packages.ts'

const SUITE = 'bookworm'
const DEFAULT_MIRROR = 'http://deb.debian.org/debian/'
const BOOTSTRAP_TIMEOUT_MS = 600_000
/** What the official slim images leave out too, and keep out when packages are added later. */
const NOT_KEPT = ['doc', 'man', 'info', 'locale', 'groff', 'lintian'].map((name) => `/usr/share/${name}`)
const EXCLUDE = `${NOT_KEPT.map((path) => `path-exclude ${path}/*\n`).join('')}path-include /usr/share/doc/*/copyright\n`
const SLIM = `
find /usr/share/doc -depth -type f ! -name copyright -delete; find /usr/share/doc -depth -empty -delete
rm -rf ${NOT_KEPT.slice(1).join(' ')} /var/cache/apt/* /var/lib/apt/lists/* /var/log/* /var/cache/debconf/*-old
rm -f /etc/apt/apt.conf.d/99machine /etc/hostname /etc/resolv.conf /etc/machine-id
`

/**
 * Makes Debian 12 with `packages` from Debian's own packages, as the machine's apt is configured to reach them, and
 * imports it into the engine as `tag`: for machines on which no registry can be reached. Wants root.
 */
export const importDebian = async (docker: Docker, tag: string, packages: readonly string[]): Promise<void> => {
  await installSystemPackages([DEBOOTSTRAP])
  if (process.getuid?.() !== 0) {
    throw new SetupError(
      'No registry answers, and only root can make a base image: pull debian:bookworm-slim, or use sudo',
    )
  }
  const root = await mkdtemp(join(tmpdir(), 'pushfn-debian-'))
  try {
    const { mirror, lines } = await readAptSources()
    const include = `--include=${packages.join(',')}`
    await runCommand('debootstrap', ['--variant=minbase', include, SUITE, root, mirror], {
      timeoutMs: BOOTSTRAP_TIMEOUT_MS,
    })
    await writeFile(join(root, 'etc/apt/sources.list'), lines)
    await writeFile(
      join(root, 'etc/apt/apt.conf.d/99machine'),
      await runCommand('apt-config', ['dump'], { timeoutMs: 5_000 }).then(onlyAcquire),
    )
    await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/pushfn-slim'), EXCLUDE)
    // What came out since the release: debootstrap knows one suite only.
    await inRoot(root, 'apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y upgrade')
    await inRoot(root, SLIM)
    await importFolder(docker, root, tag)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

const inRoot = (root: string, script: string) =>
  runCommand('chroot', [root, '/bin/sh', '-c', script], {
    timeoutMs: BOOTSTRAP_TIMEOUT_MS,
    env: { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  })

/** The machine's sources of Debian 12 as lines of a sources.list, the release's mirror apart; Debian's own when it has none. */
const readAptSources = async (): Promise<{ mirror: string; lines: string }> => {
  const format = '$(ORIGIN)|$(REPO_URI)|$(SUITE)|$(CODENAME)|$(COMPONENT)'
  const listed = await runCommand('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    timeoutMs: 20_000,
  })
  const sources = listed.split('\n').flatMap((line) => {
    const [origin, uri, , codename, component] = line.split('|')
    return origin === 'Debian' && uri && codename?.startsWith(SUITE) && component === 'main' ? [{ uri, codename }] : []
  })
  const release = sources.find((source) => source.codename === SUITE)
  if (!release) return { mirror: DEFAULT_MIRROR, lines: `deb ${DEFAULT_MIRROR} ${SUITE} main\n` }
  return { mirror: release.uri, lines: sources.map(({ uri, codename }) => `deb ${uri} ${codename} main\n`).join('') }
}

/** How the machine reaches its sources (proxies, retries, clocks that are off): needed inside while packages are fetched. */
const onlyAcquire = (dump: string): string =>
  dump
    .split('\n')
    .filter((line) => line.startsWith('Acquire::'))
    .map((line) => `${line}\n`)
    .join('')

const importFolder = async (docker: Docker, folder: string, tag: string): Promise<void> => {
  const tar = spawn('tar', ['--create', '--numeric-owner', '--one-file-system', '--directory', folder, '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const complaint = text(tar.stderr)
  const ended = new Promise<number | null>((resolve) => tar.once('close', resolve))
  const [repo, version] = tag.split(':')
  await followProgress(await docker.importImage(tar.stdout, { repo, tag: version, changes: ['CMD ["bash"]'] }))
  if ((await ended) !== 0) throw new Error(`tar of the base image failed: ${await complaint}`)
}
