import { expect, test } from 'vitest'
import { promotionFrom, whyNotPromoted } from './promotion.ts'
import { RepositorySettings } from './repository-settings.ts'

const promotes = (setting: string) => RepositorySettings.safeParse({ promote: setting })

test.each(['tag v*', 'release *', 'tag  v?.?', 'tag deploy/*'])('“%s” promotes', (setting) => {
  expect(promotes(setting).success).toBe(true)
})

test.each(['', 'v*', 'tag', 'tags v*', 'tag v* w*', 'tag a..b', 'tag -x', 'tag a\\b', 'Tag v*'])(
  '“%s” is refused, and it is said how it would be right',
  (setting) => {
    expect(promotes(setting).error?.issues[0]?.message).toContain('as “tag v*”')
  },
)

test('a tag promotes where tags do and its name fits, and it is said why another does not', () => {
  const promotion = promotionFrom('tag v*')
  expect(whyNotPromoted(promotion, { by: 'tag', tag: 'v1' })).toBeUndefined()
  expect(whyNotPromoted(promotion, { by: 'tag', tag: 'x1' })).toBe('x1 does not fit “v*” of the setting “promote”')
  expect(whyNotPromoted(promotion, { by: 'release', tag: 'v1' })).toContain('“promote” is “tag v*”')
  expect(whyNotPromoted(undefined, { by: 'tag', tag: 'v1' })).toContain('“promote” is not set')
})
