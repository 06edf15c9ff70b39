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

/** The same of a function that stays where it was put, whatever is pushed. */
export const pinnedText = (list: ChoiceList, name: string): string =>
  `${choicesText(list, `${name} stays where it is`)}\npinned: pushfn unpin ${name} lets pushes move it again`
