import type { ImageBase } from '@pushfn/model/image-base'
import type { Run } from './run.ts'
import type { Source } from './steps/checkout.ts'

/**
 * Where an image came from, in the labels that other tools read. With several bases no label can say which is meant.
 * https://specs.opencontainers.org/image-spec/annotations/
 */
export const originLabels = (run: Run, source: Source, bases: readonly ImageBase[]): Record<string, string> => {
  const [base, another] = bases
  const of = 'org.opencontainers.image'
  return {
    [`${of}.source`]: source.url,
    [`${of}.revision`]: run.build.push.sha,
    ...(base && !another && { [`${of}.base.name`]: base.image }),
    ...(base?.digest && !another && { [`${of}.base.digest`]: base.digest }),
  }
}
