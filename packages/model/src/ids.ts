import { z } from 'zod'

/**
 * Ids are branded, so that a tenant's id never goes where a build's belongs. All are UUIDs (version 7: they sort by
 * time) that the cloud allots; a forge's own numeric ids are kept as plain strings beside them.
 */
const id = <Name extends string>() => z.uuid().brand<Name>()

export const TenantId = id<'TenantId'>()
export type TenantId = z.infer<typeof TenantId>
export const RepositoryId = id<'RepositoryId'>()
export type RepositoryId = z.infer<typeof RepositoryId>
export const PushId = id<'PushId'>()
export type PushId = z.infer<typeof PushId>
export const BuildId = id<'BuildId'>()
export type BuildId = z.infer<typeof BuildId>
export const FunctionId = id<'FunctionId'>()
export type FunctionId = z.infer<typeof FunctionId>
export const RevisionId = id<'RevisionId'>()
export type RevisionId = z.infer<typeof RevisionId>
export const TokenId = id<'TokenId'>()
export type TokenId = z.infer<typeof TokenId>
export const BuildHookId = id<'BuildHookId'>()
export type BuildHookId = z.infer<typeof BuildHookId>

/** A repository's id at its forge. */
export const ForgeRepositoryId = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, 'a repository is named by the number its forge gave it')

/** A full Git object name: 40 lower-case hex digits. */
export const CommitSha = z
  .string()
  .regex(/^[0-9a-f]{40}$/, 'a commit is named by 40 lower-case hex digits')
  .brand<'CommitSha'>()
export type CommitSha = z.infer<typeof CommitSha>

/** What a forge sends as the old or new commit of a ref that is created or deleted. */
export const NO_COMMIT = '0'.repeat(40)
