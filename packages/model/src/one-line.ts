/** What people write as a name or look for: PostgreSQL knows no U+0000, and nobody reads the other control characters. */
export const ONE_LINE = /^[^\p{Cc}\p{Cs}]*$/u

export const NOT_ONE_LINE = 'one line without control characters'
