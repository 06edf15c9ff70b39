/** What people did to a function, in the order in which the cloud was told of it. */
export type Deed =
  /** The branch moved. Told of twice it is one deed, where it was told of first. */
  { kind: 'push'; sha: string } | { kind: 'choice'; revisionId: string } | { kind: 'unpin' }

/**
 * The specification: where `live` ends once all is built and nobody does anything any more. The newest push, unless
 * somebody chose by hand after it; a choice that was taken back never was.
 */
export const whereLiveEnds = (deeds: readonly Deed[]): { sha: string } | { revisionId: string } | undefined => {
  const newest = deeds.findLast((deed) => deed.kind === 'push')
  const since = newest ? deeds.slice(deeds.indexOf(newest)) : deeds
  const choice = since.findLast((deed) => deed.kind !== 'push')
  if (choice?.kind === 'choice') return { revisionId: choice.revisionId }
  return newest ? { sha: newest.sha } : undefined
}
