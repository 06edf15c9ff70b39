import { AppError } from '@pushfn/model/errors'
import { expect, test } from 'vitest'
import { aFunction, aRepository, planFunction } from '../test/try-function.ts'

const plan = async (files: Record<string, string>, buildArgs: Record<string, string> = {}, lang = 'mine') => {
  await using repository = await aRepository({ 'hello/x': '', ...files })
  return await planFunction(repository.root, aFunction({ lang, buildArgs }))
}
const refusalOf = async (...args: Parameters<typeof plan>) => {
  const thrown = await plan(...args).catch((err: unknown) => err)
  if (!(thrown instanceof AppError)) throw new Error(`not refused: ${thrown}`)
  return { code: thrown.code, hint: thrown.hint }
}
const aTemplate = (yml: string, dockerfile = 'ARG BASE=node:24\nFROM $BASE\n') => ({
  'template/mine/template.yml': yml,
  'template/mine/Dockerfile': dockerfile,
})

test.each(['BUILDKIT_SYNTAX', 'buildkit_context_keep_git_dir', 'BASE_IMAGE', 'CACHE_SCOPE', '"a b"', '"X\\"Y"'])(
  'a template of a tenant’s may not set the argument %s',
  async (name) => {
    const { code, hint } = await refusalOf(aTemplate(`build_args:\n  ${name}: x\n`))
    expect(code).toBe('TEMPLATE_UNKNOWN')
    expect(hint).toContain('template/mine/template.yml build_args.')
  },
)

test('a template’s arguments name no other tenant’s image', async () => {
  const { code, hint } = await refusalOf(aTemplate('build_args:\n  BASE: pushfn.local/beta/x:1\n'))
  expect(code).toBe('HANDLER_INVALID')
  expect(hint).toBe('template/mine/Dockerfile:2: pushfn.local/beta/x:1 is another tenant’s image')
})

test('nor do those of the function', async () => {
  const { hint } = await refusalOf(aTemplate(''), { BASE: 'pushfn.local/beta/x:1' })
  expect(hint).toContain('is another tenant’s image')
})

test('what a build stands on is told by all names it may have, without its stages', async () => {
  const { foundation } = await plan(
    aTemplate(
      'build_args:\n  BASE: node:22\n',
      'ARG BASE=node:24\nFROM $BASE AS a\nFROM a\nCOPY --from=busybox /a /a\nCOPY --from=0 /b /b\nFROM scratch\n',
    ),
  )
  expect(foundation?.bases).toEqual([
    { image: 'node:22', line: 2 },
    { image: 'node:24', line: 2 },
    { image: 'busybox', line: 4 },
  ])
})

test('our own templates are not looked through', async () => {
  expect((await plan({ 'hello/handler.js': '' }, {}, 'node24')).foundation).toBeUndefined()
})
