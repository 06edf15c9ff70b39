/** A canary as far as it decides how the calls of `live` are split. */
export interface CanaryPlace {
  id: string
  turn: number
  weight: number
  baselineId: string
  revisionId: string
  /** It has its part of the calls; before, it is made ready for them. */
  isOn: boolean
  /** What serves under the alias `canary`. */
  servedId: string | null
  isRemoved: boolean
}

/** How the calls of `live` are split between what it points at and the canary beside it. */
export interface CanarySplit {
  /** Calls are counted under it. */
  id: string
  /** Percent. */
  weight: number
  /** The revision of `live` of whose calls the canary has its part. */
  baselineId: string
}

/**
 * The split that holds now; undefined when there is none. By this alone a canary has calls: once it is ready for them, and while nobody
 * wishes `live` anywhere but to where it was when the canary began, or to the canary's own revision. So a wish ends it in the
 * transaction that writes the wish, without knowing of it.
 */
export const splitOf = (
  live: { revisionId: string | null; wantedRevisionId: string | null },
  canary: CanaryPlace,
): CanarySplit | undefined => {
  const { id, turn, weight, baselineId, revisionId } = canary
  const isWished = live.wantedRevisionId === baselineId || live.wantedRevisionId === revisionId
  if (live.revisionId !== baselineId || !isWished) return undefined
  if (!canary.isOn || canary.isRemoved || canary.servedId !== revisionId) return undefined
  return { id: splitId({ id, turn }), weight, baselineId }
}

/** What gateways count its calls under. */
export const splitId = ({ id, turn }: { id: string; turn: number }): string => `${id}.${turn}`
