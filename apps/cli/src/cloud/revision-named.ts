import { Failure } from '../failure.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const COMMIT = /^[0-9a-f]{8,40}$/

/** What people call a revision: its id, or its commit or how that begins. */
export const revisionNamed = (text: string): { revision: string } | { sha: string } => {
  if (UUID.test(text)) return { revision: text }
  if (COMMIT.test(text)) return { sha: text }
  throw new Failure('usage', `“${text}” is neither a revision nor a commit`, {
    hint: 'a revision is one of pushfn revisions <function>; a commit has 8 to 40 digits',
  })
}
