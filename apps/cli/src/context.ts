/** What every command is given beside its own arguments. */
export interface Context {
  readonly options: GlobalOptions
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts on Ctrl-C: what a command began it undoes then, and ends. */
  readonly signal: AbortSignal
  /** Where it stands. */
  readonly folder: string
}

export interface GlobalOptions {
  json?: true | undefined
  tenant?: string | undefined
  cloud?: string | undefined
}
