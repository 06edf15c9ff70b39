import { faultText } from '@pushfn/model/errors'
import { parseSealedSecrets } from '@pushfn/model/parse-sealed-secrets'
import { parseDocument } from 'yaml'
import { Failure } from '../failure.ts'

export const SEALED_FILE = 'secrets.yml'

/** The text of secrets.yml with a box in it, and all else as it was. Throws Failure where the cloud would not read it. */
export const withBox = (
  written: string,
  { function: fn, name, box }: { function: string; name: string; box: string },
): string => {
  const document = parseDocument(written)
  const isWhole = document.errors.length === 0
  if (isWhole) document.setIn(['secrets', fn, name], box)
  const text = isWhole ? document.toString({ lineWidth: 0 }) : written
  const parsed = parseSealedSecrets(text, SEALED_FILE)
  if (!('faults' in parsed)) return text
  throw new Failure('usage', parsed.faults.map(faultText).join('\n'), { hint: `${SEALED_FILE} stays as it was` })
}
