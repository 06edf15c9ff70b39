import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../failure.ts'
import type { Source } from './find-source.ts'
import { type GitOptions, runGit } from './run-git.ts'

/** A repository of the deploy's own, which goes when it is done. */
export interface ThrowAway {
  folder: string
  git: (args: readonly string[]) => Promise<string>
  [Symbol.asyncDispose](): Promise<void>
}

/** What is left out of a folder that has no repository to say so. */
const LEFT_OUT = 'node_modules/\n.env\n'

/**
 * Makes an empty bare repository beside the working folder: all that a deploy writes goes there, so that the tenant's own
 * repository, its index and its refs stay as they are. Objects that are there already are read from it.
 */
export const openThrowAway = async (
  source: Source,
  { env, settings, signal }: Omit<GitOptions, 'folder'> & { settings: Readonly<Record<string, string>> },
): Promise<ThrowAway> => {
  const folder = await mkdtemp(join(tmpdir(), 'pushfn-deploy-'))
  const bare = { ...withoutRepository(env), ...QUIET, ...settings, GIT_DIR: folder }
  const own = { ...bare, GIT_WORK_TREE: source.git?.top ?? source.folder }
  const close = () => rm(folder, { recursive: true, force: true })
  const git = (args: readonly string[]) => runGit(args, { folder: own.GIT_WORK_TREE, env: own, signal })
  try {
    await runGit(['init', '--quiet', '--bare', '--template=', '--object-format=sha1', folder], {
      folder,
      env: bare,
      signal,
    })
    await mkdir(join(folder, 'info'), { recursive: true })
    const exclude = join(folder, 'info', 'exclude')
    if (!source.git) await writeFile(exclude, LEFT_OUT)
    else {
      await copyFile(source.git.exclude, exclude).catch(() => undefined)
      await writeFile(join(folder, 'objects', 'info', 'alternates'), `${source.git.objects}\n`)
    }
    return { folder, git, [Symbol.asyncDispose]: close }
  } catch (err) {
    await close()
    throw err
  }
}

/** Nothing asks at the terminal, and no hook of anybody's runs. */
const QUIET = { GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C.UTF-8' }

/** Called from a hook, git says by its environment which repository it is about: this one is about another. */
const withoutRepository = (env: GitOptions['env']) =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !/^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_.*|COMMON_DIR|PREFIX|NAMESPACE|CONFIG.*)$/.test(
          name,
        ),
    ),
  )

/** Writes the folder as it stands as a commit, and gives its name. What git ignores is left out, what it tracks is in. */
export const commitFolder = async (
  { git }: ThrowAway,
  { source, parent, message }: { source: Source; parent?: string | undefined; message: string },
): Promise<string> => {
  const { head, prefix = '' } = source.git ?? {}
  // What is tracked stays tracked, though .gitignore may name it.
  if (head) await git(['read-tree', head])
  await git(['add', '--all', '--', prefix || '.'])
  const tree = await git(['write-tree', ...(prefix ? [`--prefix=${prefix}/`] : [])])
  if (tree === EMPTY_TREE) throw new Failure('usage', `${source.folder} has nothing to deploy`)
  return git(['commit-tree', tree, ...(parent ? ['-p', parent] : []), '-m', message])
}

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
