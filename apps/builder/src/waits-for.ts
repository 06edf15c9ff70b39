import { promotionOf } from '@pushfn/store/promotions'
import type { Run } from './run.ts'

/** What moves `live` to what was only built: `a tag “v*”`. */
export const waitsFor = (run: Run): string => {
  const promotion = promotionOf(run.build.push.repository)
  return promotion ? `a ${promotion.by} “${promotion.pattern}”` : 'a promotion'
}
