import { stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { Context } from '../context.ts'
import { Failure } from '../failure.ts'
import { askGit, type GitOptions, runGit } from './run-git.ts'

/** What is deployed. */
export interface Source {
  /** The folder whose content becomes the repository's. */
  folder: string
  /** The repository around it; undefined when there is none. */
  git?: {
    top: string
    /** The folder within it, `` for all. */
    prefix: string
    /** Where its objects lie, to be read. */
    objects: string
    /** Its own list of what is ignored, beside the `.gitignore` files. */
    exclude: string
    /** What is checked out; undefined before the first commit. */
    head?: string
  }
}

const STACK_FILES = ['stack.yml', 'stack.yaml']

/** The folder that is named, else the nearest upwards that has a stack.yml, within its repository. Throws Failure without one. */
export const findSource = async (context: Context, named: string | undefined): Promise<Source> => {
  const from = resolve(context.folder, named ?? '.')
  if (!(await stat(from).catch(() => undefined))?.isDirectory()) {
    throw new Failure('usage', `${from} is no folder`)
  }
  const options = { folder: from, env: context.env, signal: context.signal }
  const top = await topOf(options)
  const folder = named === undefined ? await nearestStack(from, top ?? from) : from
  if (folder === undefined) {
    throw new Failure(
      'usage',
      `there is no stack.yml in ${from}${top === undefined || top === from ? '' : `, nor up to ${top}`}`,
      {
        hint: 'it names the functions; examples are in the clone’s examples/. pushfn deploy <folder> takes any folder as it is',
      },
    )
  }
  if (top === undefined) return { folder }
  const paths = await askGit(
    ['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--git-path', 'info/exclude'],
    options,
  )
  const [objects, exclude] = paths?.split('\n') ?? []
  const isUsual = (await askGit(['rev-parse', '--show-object-format'], options)) === 'sha1'
  // Objects of another kind cannot be had from there.
  if (!objects || !exclude || !isUsual) return { folder }
  const head = await askGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], options)
  return { folder, git: { top, prefix: relative(top, folder), objects, exclude, ...(head && { head }) } }
}

/** Undefined where there is no repository. One that git will not read is none to guess about: it says what is left out. */
const topOf = (options: GitOptions): Promise<string | undefined> =>
  runGit(['rev-parse', '--show-toplevel'], { ...options, env: { ...options.env, LC_ALL: 'C' } }).catch((err: Error) => {
    if (err.message.includes('not a git repository')) return undefined
    throw err
  })

const nearestStack = async (from: string, top: string): Promise<string | undefined> => {
  for (let folder = from; ; folder = dirname(folder)) {
    for (const file of STACK_FILES) {
      if (await stat(join(folder, file)).catch(() => undefined)) return folder
    }
    if (folder === top || folder === dirname(folder)) return undefined
  }
}
