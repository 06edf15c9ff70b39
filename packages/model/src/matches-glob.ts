/**
 * Whether a name of a branch or tag fits a pattern, in which `*` is any characters, and `?` one. Without backtracking over
 * more than the last `*`: both are tenants' texts, and a regular expression of many `*` could take for ever.
 */
export const matchesGlob = (pattern: string, name: string): boolean => {
  let [at, star, resumed] = [0, -1, 0]
  for (let n = 0; n < name.length; ) {
    if (pattern[at] === '*') {
      star = at++
      resumed = n
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[n])) {
      at++
      n++
    } else if (star >= 0) {
      at = star + 1
      n = ++resumed
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
