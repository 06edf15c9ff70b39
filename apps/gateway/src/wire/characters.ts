/** What bytes may stand where (RFC 9110 §5.5, §5.6.2), as tables: one look-up for each byte of a head. */
const tableOf = (isMember: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0))

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/

/** Bytes of a field's name. */
export const isNameByte = tableOf((byte) => TOKEN.test(String.fromCharCode(byte)))

/** Bytes of a field's value and of a reason phrase: no control character but the tab. */
export const isTextByte = tableOf((byte) => byte === 9 || (byte >= 32 && byte !== 127))

export const CR = 13
export const LF = 10
export const TAB = 9
export const SPACE = 32
export const COLON = 58
export const SEMICOLON = 59

/** The value of a hexadecimal digit, or -1. */
export const hexValue = (byte: number): number => {
  if (byte >= 48 && byte <= 57) return byte - 48
  const lower = byte | 32
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
