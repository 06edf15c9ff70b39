import type { SessionView } from '@pushfn/model/api'

export const sessionText = (session: SessionView): string => {
  switch (session.kind) {
    case 'operator':
      return 'an operator'
    case 'person':
      return `${session.login} at ${session.forge}`
    case 'tenant':
      return `${session.tenant}${session.forge === 'builtin' ? '' : ` (${session.login} at ${session.forge})`}`
  }
}
