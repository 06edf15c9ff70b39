import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBareRepository, gitEnvironment } from '../../support/github/refs.ts'

/** One entry of a tree; what git itself would not let into one, too. Names are bytes as Latin-1. */
export interface Entry {
  mode: '100644' | '100755' | '120000' | '40000' | '160000'
  name: string
  object: string
}

/** A bare repository whose objects are made by hand, as somebody makes them who means no good. */
export interface HostileRepository extends AsyncDisposable {
  readonly directory: string
  blob(content: string | Buffer): Promise<string>
  tree(entries: readonly Entry[]): Promise<string>
  /** A commit of a tree, on `main`; returns its name. */
  commit(tree: string): Promise<string>
}

export const aHostileRepository = async (): Promise<HostileRepository> => {
  const directory = await mkdtemp(join(tmpdir(), 'pushfn-hostile-'))
  await createBareRepository(directory, 'main')
  const write = (type: string, content: Buffer) =>
    git(directory, ['hash-object', '-w', '-t', type, '--stdin', '--literally'], content)
  return {
    directory,
    blob: (content) => write('blob', Buffer.from(content)),
    tree: (entries) =>
      write(
        'tree',
        Buffer.concat(
          entries
            .toSorted(inGitsOrder)
            .map(({ mode, name, object }) =>
              Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(object, 'hex')]),
            ),
        ),
      ),
    commit: async (tree) => {
      const person = 'Eve <eve@example.com> 1700000000 +0000'
      const sha = await write('commit', Buffer.from(`tree ${tree}\nauthor ${person}\ncommitter ${person}\n\nhello\n`))
      await git(directory, ['update-ref', 'refs/heads/main', sha])
      return sha
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

const git = (directory: string, args: readonly string[], input?: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = execFile('git', ['-C', directory, ...args], { env: gitEnvironment() }, (err, stdout) =>
      err ? reject(err) : resolve(stdout.trim()),
    )
    child.stdin?.end(input)
  })

/** Folders sort as if their names ended with a slash. */
const inGitsOrder = (one: Entry, other: Entry): number =>
  Buffer.compare(Buffer.from(sortKey(one), 'latin1'), Buffer.from(sortKey(other), 'latin1'))

const sortKey = ({ mode, name }: Entry): string => (mode === '40000' ? `${name}/` : name)
