const USUAL = ['main', 'master']

/** Which of the branches (`refs/heads/…`) of a new repository is the default one: a usual name, else the first by name. */
export const defaultBranchOf = (refs: readonly string[]): string => {
  const branches = refs.map((ref) => ref.replace(/^refs\/heads\//, '')).toSorted()
  return USUAL.find((name) => branches.includes(name)) ?? branches[0] ?? 'main'
}
