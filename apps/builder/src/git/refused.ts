import { AppError } from '@pushfn/model/errors'

/** CHECKOUT_REFUSED: the hint says what the tenant can mend, and in which file when it is one. */
export const refused = (hint: string, file?: string): AppError =>
  new AppError('CHECKOUT_REFUSED', 'the checkout was refused', {
    hint,
    ...(file !== undefined && { faults: [{ message: hint, place: { file } }] }),
  })
