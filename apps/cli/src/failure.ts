/** What a command ends with: 0 is well. */
export const EXIT = {
  /** The cloud said no, or what was asked for did not become. */
  refused: 1,
  /** The command line, or what stands on this machine, is wrong. */
  usage: 2,
  /** The cloud cannot be reached, or does not know who asks. */
  away: 3,
} as const

/** Why a command ends otherwise than well. All of it is for the person at the terminal. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: keyof typeof EXIT
  readonly hint: string | undefined
  /** What the cloud answered; 0 where it did not. */
  readonly status: number
  /** One of the codes of the API's errors, where the cloud named one. */
  readonly title: string | undefined

  constructor(
    exit: keyof typeof EXIT,
    message: string,
    about: { hint?: string; status?: number; title?: string; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause })
    this.exit = exit
    this.hint = about.hint
    this.status = about.status ?? 0
    this.title = about.title
  }
}
