/**
 * A tenant's text as PostgreSQL takes it: it knows no U+0000, neither in text nor in JSON, and no half of a surrogate
 * pair in JSON. Both become U+FFFD, in every string of the value.
 */
export const storable = <Value>(value: Value): Value => {
  // Each branch gives back what it was given, with other strings.
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD') as Value
  if (Array.isArray(value)) return value.map(storable) as Value
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [storable(key), storable(inner)])) as Value
}
