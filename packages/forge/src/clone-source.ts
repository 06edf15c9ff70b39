import { AppError } from '@pushfn/model/errors'
import type { CheckoutSource, ForgeRepository } from './forge.ts'

/**
 * Where to clone a repository from: always the configured forge, never a URL that came in a payload. The account's token
 * goes into a header, as the password of a name that GitLab and Gitea do not look at.
 */
export const cloneSource = (url: string, token: string, repository: ForgeRepository): CheckoutSource => {
  const path = [...repository.owner.split('/'), repository.name].map(encodeURIComponent).join('/')
  return { url: `${url}/${path}.git`, authorization: `basic ${Buffer.from(`oauth2:${token}`).toString('base64')}` }
}

/** The repository as it was found. Throws NOT_FOUND when it is another account's by now: it is not the tenant's to read. */
export const stillTheirs = (repository: ForgeRepository, found: ForgeRepository): ForgeRepository => {
  if (found.ownerId === repository.ownerId) return found
  throw new AppError('NOT_FOUND', `repository ${repository.id} belongs to account ${found.ownerId} now`, {
    hint: `${repository.owner}/${repository.name} belongs to another account now`,
  })
}
