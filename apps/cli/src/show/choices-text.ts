import type { ChoiceList } from '@pushfn/model/api-revisions'

/** Where functions go by somebody's choice. */
export const choicesText = ({ items }: ChoiceList, otherwise: string): string =>
  items.length === 0
    ? otherwise
    : items
        .map((choice) => {
          const becomes = choice.state === 'live' ? 'is live at' : 'goes on its way to'
          return `${choice.function} ${becomes} ${choice.sha.slice(0, 8)} (revision ${choice.revision})`
        })
        .join('\n')
