import type { BuildEvent } from '@pushfn/model/build-event'
import { functionEventText } from '@pushfn/model/function-event-text'
import { secondsText } from './durations.ts'
import { plain } from './plain.ts'
import { style } from './style.ts'

const TIME_WIDTH = 9

/** A build's events as lines for a terminal, each with the time since the first. */
export class BuildLines {
  #startedAt: number | undefined
  readonly #steps: string[] = []

  /** Undefined for what is no line of its own. */
  of(event: BuildEvent): string | undefined {
    this.#startedAt ??= event.at
    const text = this.#textOf(event)
    if (text === undefined) return undefined
    const time = style('dim', secondsText(event.at - this.#startedAt).padStart(TIME_WIDTH))
    return plain(text)
      .split('\n')
      .map((line, n) => `${n === 0 ? time : ' '.repeat(TIME_WIDTH)}  ${line}`)
      .join('\n')
  }

  #textOf(event: BuildEvent): string | undefined {
    switch (event.kind) {
      case 'log': {
        const level = event.level === 'info' ? '' : `${event.level}: `
        return `${event.function ? `${event.function} | ` : ''}${level}${event.text}`
      }
      case 'function':
        return functionEventText(event)
      case 'step':
        // A step that was finished is told of at the end, with all others.
        if (event.status === 'finished' && event.ms !== undefined)
          this.#steps.push(`${event.step} ${secondsText(event.ms)}`)
        return event.status === 'failed' ? `${event.step} failed` : undefined
      case 'state': {
        const reason = event.reason ? `: ${event.reason}` : ''
        const steps = event.state === 'live' && this.#steps.length > 0 ? `\n${this.#steps.join(', ')}` : ''
        return `${event.state}${reason}${steps}`
      }
    }
  }
}
