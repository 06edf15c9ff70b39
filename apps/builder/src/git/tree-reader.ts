import { refused } from './refused.ts'

export interface TreeLimits {
  /** Of all files together. */
  bytes: number
  /** As many folders may there be as well. */
  files: number
}

/** Is told of every file, link and submodule: see `fingerprintTree`. */
export interface TreeFingerprint {
  take(mode: string, object: string, path: string): void
}

const SYMLINK = '120000'
const FOLDER = '040000'
const SUBMODULE = '160000'
/** What a file system takes. */
const MAX_NAME_BYTES = 255
const MAX_PATH_BYTES = 3_072

/**
 * Measures a commit's tree as `git ls-tree -r -t -z --long` lists it: `<mode> <type> <object> <size>\t<path>`, NUL between
 * entries (git-ls-tree(1)). A few objects can name themselves so often that the list never ends: it is counted as it comes,
 * and `read` throws CHECKOUT_REFUSED at the first entry too many.
 *
 * Paths are bytes, whatever a tenant's file system took for text: they are kept as Latin-1, one character a byte.
 */
export class TreeReader {
  readonly symlinks: string[] = []
  readonly #limits: TreeLimits
  readonly #fingerprint: TreeFingerprint | undefined
  #rest = ''
  #files = 0
  #folders = 0
  #bytes = 0
  #largest = { bytes: 0, path: '' }

  constructor(limits: TreeLimits, fingerprint?: TreeFingerprint) {
    this.#limits = limits
    this.#fingerprint = fingerprint
  }

  read(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\0')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
    refuseLongPath(this.#rest)
  }

  /** To be called when the list is whole: the files together are measured then, so that the largest one can be named. */
  end(): void {
    if (this.#bytes <= this.#limits.bytes) return
    throw refused(
      `the repository’s files have ${mebibytes(this.#bytes)} in all, more than the ${mebibytes(this.#limits.bytes)} that are allowed; ` +
        `the largest is ${shown(this.#largest.path)} with ${mebibytes(this.#largest.bytes)}`,
    )
  }

  #take(line: string): void {
    // A name may hold tabs itself.
    const tab = line.indexOf('\t')
    const [mode = '', , object = '', size = ''] = line.slice(0, tab).split(/ +/)
    const path = line.slice(tab + 1)
    refuseLongPath(path)
    if (mode !== FOLDER) this.#fingerprint?.take(mode, object, shown(path))
    if (mode === FOLDER || mode === SUBMODULE) {
      if (++this.#folders > this.#limits.files) throw tooMany(this.#limits.files, 'folders')
      return
    }
    if (++this.#files > this.#limits.files) throw tooMany(this.#limits.files, 'files')
    if (mode === SYMLINK) this.symlinks.push(path)
    const bytes = Number(size)
    this.#bytes += bytes
    if (bytes > this.#largest.bytes) this.#largest = { bytes, path }
  }
}

const refuseLongPath = (path: string): void => {
  if (path.length <= MAX_PATH_BYTES && path.split('/').every((name) => name.length <= MAX_NAME_BYTES)) return
  throw refused(
    `the repository has a path longer than ${MAX_PATH_BYTES} bytes, or a name in one longer than ${MAX_NAME_BYTES}: ${shown(path.slice(0, 100))}…`,
  )
}

const tooMany = (limit: number, what: string): Error =>
  refused(`the repository has more than ${limit} ${what}: take out what is generated or fetched, as node_modules is`)

/** A path of bytes as text, for people. */
export const shown = (path: string): string => Buffer.from(path, 'latin1').toString('utf8')

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`
