/**
 * A tenant's text as it may stand in a message: in quotes, cut, and with every invisible character (line breaks,
 * terminal escapes, text direction) written out, so that it can neither forge a second line nor colour a terminal.
 */
export const quote = (text: string, maxLength = 60): string => `"${plain(text, maxLength)}"`

/** The same without the quotes. */
export const plain = (text: string, maxLength = 60): string => {
  const characters = [...text.slice(0, maxLength * 2)]
  const isCut = characters.length > maxLength || text.length > maxLength * 2
  const shown = characters
    .slice(0, maxLength)
    .map((character) => (INVISIBLE.test(character) ? written(character) : character))
  return shown.join('') + (isCut ? '…' : '')
}

const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u

const written = (character: string): string => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
