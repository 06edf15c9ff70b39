/**
 * One line of progress for each stage of the set-up: `✓ packages 18.2 s`. Plain JavaScript without dependencies, because
 * it also runs on the machine's own Node before anything is installed.
 */

/** A failure whose message already says what to do: it is printed as it is, without a stack. */
export class SetupError extends Error {
  name = 'SetupError'
}

/**
 * Runs `work` and prints its name with the time it took. `work` may call `note` to say more in the line, such as
 * `up to date`. On a terminal the name stands there while the work goes on.
 *
 * @template T
 * @param {string} name
 * @param {(note: (text: string) => void) => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export const stage = async (name, work) => {
  const startedAt = performance.now()
  const { stdout } = process
  let remark = ''
  const line = (mark, end) => `${stdout.isTTY ? '\r\u001b[2K' : ''}${mark} ${name}${remark}${end}`
  const note = (text) => {
    remark = ` (${text})`
    if (stdout.isTTY) stdout.write(line('…', ''))
  }
  if (stdout.isTTY) stdout.write(line('…', ''))
  try {
    const result = await work(note)
    stdout.write(line('✓', ` ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`))
    return result
  } catch (err) {
    stdout.write(line('✗', ` ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`))
    throw err
  }
}
