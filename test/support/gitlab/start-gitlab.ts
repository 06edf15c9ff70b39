import { startAccountForge } from '../account-forge/start.ts'
import { failed, MISSING } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { HOOKS } from './payloads.ts'

/** Starts a GitLab for tests on a free port of the loopback. */
export const startGitlab = () =>
  startAccountForge({
    name: 'GitLab',
    apiPath: '/api/v4',
    operations: OPERATIONS,
    tokenOf: (headers) => {
      const bearer = /^bearer (\S+)$/i.exec(String(headers.authorization))?.[1]
      return typeof headers['private-token'] === 'string' ? headers['private-token'] : bearer
    },
    failed,
    missing: MISSING,
    hooks: HOOKS,
  })
