import { z } from 'zod'

/** What payloads and answers of GitLab and Gitea are made of. Names become parts of URLs: they are held to what is allowed. */
export const Id = z.int().positive().transform(String)

export const Name = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,255}$/)
  .refine((name) => name !== '.' && name !== '..')

export const Sha = z.string().regex(/^[0-9a-f]{40}$/)

export const RefName = z.string().startsWith('refs/').max(1024)

export const Branch = z.string().max(1024)

/** First line of a commit's message. */
export const titleOf = (message: string | undefined): string => message?.trimStart().split('\n', 1)[0]?.trimEnd() ?? ''
