/**
 * Runs what has the same key one after the other, in the order of the calls, whether the one before succeeded or not:
 * a `pending` that is tried again must not land after the `success` that followed it.
 */
export const createInOrder = () => {
  const tails = new Map<string, Promise<unknown>>()

  return <T>(key: string, run: () => Promise<T>): Promise<T> => {
    const result = (tails.get(key) ?? Promise.resolve()).then(run)
    const tail = result
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key)
      })
    tails.set(key, tail)
    return result
  }
}
