import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { BuildLog } from './build-log.ts'
import type { BuildContext } from './context.ts'
import { dockerfileLines } from './dockerfile-lines.ts'
import { placesIn } from './log-places.ts'
import { unavailableImage } from './unavailable-image.ts'

/**
 * A build that BuildKit gave up, as an error for the tenant: the step, its place in the Dockerfile, the last lines; and the
 * lines of the handler that its compiler named.
 */
export const buildFailure = (fn: string, message: string, context: BuildContext, log: BuildLog): AppError => {
  if (/no space left on device/.test(message)) {
    return new AppError('ENGINE_FAILED', message, { hint: 'the builder has no room left', function: fn })
  }
  const { text } = context.dockerfile
  const step = log.failedStep()
  const base = unavailableImage(message, text)
  const line = base ? base.line : lineOf(message, step, text)
  const what = base?.message ?? (step ? `${shortened(step)} failed: ${reasonOf(message)}` : reasonOf(message))
  const fault: Fault = {
    message: what,
    place: { file: context.dockerfile.file, ...(line !== undefined && { line }) },
  }
  const tail = log.tail().map((said) => `  ${said}`)
  const hint = [faultText(fault), ...tail].join('\n')
  const faults = [fault, ...placesIn(log.recent(), context.handlerFiles)]
  return new AppError('BUILD_FAILED', `${fn}: ${message}`, { hint, function: fn, faults })
}

/** BuildKit names the line of what it cannot parse; the line of a step that failed is found by the step's words. */
const lineOf = (message: string, step: string | undefined, dockerfile: string): number | undefined => {
  const [, named] = /parse error (?:on )?line (\d+)/i.exec(message) ?? []
  if (named !== undefined) return Number(named)
  if (step === undefined) return undefined
  const words = step.replace(/\s+/g, ' ').trim()
  const lines = dockerfileLines(dockerfile).filter(({ text }) => text === words)
  const [only, second] = lines.length > 0 ? lines : sameInstruction(words, dockerfile)
  return second ? undefined : only?.line
}

/** A step's words have their variables filled in: then an only instruction of the same kind and beginning is meant. */
const sameInstruction = (words: string, dockerfile: string) => {
  const beginning = (text: string) => text.split('$', 1)[0]?.toUpperCase().slice(0, words.length) ?? ''
  return dockerfileLines(dockerfile).filter(
    ({ text }) => text.includes('$') && words.toUpperCase().startsWith(beginning(text)),
  )
}

const reasonOf = (message: string): string => {
  const [, exit] = /exit code: (\d+)$/.exec(message.trim()) ?? []
  if (exit !== undefined) return exit === '137' ? 'exit code 137 (killed: out of memory?)' : `exit code ${exit}`
  return shortened(message.replace(/^failed to solve[^:]*: /, '').replace(/^failed to create LLB definition: /, ''))
}

const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text)
