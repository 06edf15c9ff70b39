import { AppError } from '@pushfn/model/errors'
import type { z } from 'zod'

/** A body or query by its schema. Throws BAD_REQUEST that says what is wrong, and where. */
export const parseInput = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> => {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const hint = parsed.error.issues
    .map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
  throw new AppError('BAD_REQUEST', 'the input does not fit', { hint })
}
