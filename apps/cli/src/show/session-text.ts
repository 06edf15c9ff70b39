import type { SessionView } from '@pushfn/model/api'

export const sessionText = (session: SessionView): string =>
  session.kind === 'operator'
    ? 'an operator'
    : `${session.tenant}${session.forge === 'builtin' ? '' : ` (${session.login} at ${session.forge})`}`
