import { startAccountForge } from '../account-forge/start.ts'
import { failed, MISSING, OPERATIONS } from './operations.ts'
import { HOOKS } from './payloads.ts'

/** Starts a Gitea for tests on a free port of the loopback. */
export const startGitea = () =>
  startAccountForge({
    name: 'Gitea',
    apiPath: '/api/v1',
    operations: OPERATIONS,
    tokenOf: (headers) => /^(?:token|bearer) (\S+)$/i.exec(String(headers.authorization))?.[1],
    failed,
    missing: MISSING,
    hooks: HOOKS,
  })
