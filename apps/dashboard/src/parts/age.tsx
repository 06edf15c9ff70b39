import { ageText } from './durations.ts'
import { useNow } from './now.ts'

/** How long ago, with the moment itself at hand. */
export const Age = ({ of: moment }: { of: string }) => {
  const age = ageText(useNow(15_000) - Date.parse(moment))
  return (
    <time dateTime={moment} title={new Date(moment).toLocaleString()}>
      {age === 'just now' ? age : `${age} ago`}
    </time>
  )
}
