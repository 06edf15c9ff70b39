import type { DescriptionFault } from './description.ts'

/** What the stand-in answers to an API request. */
export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

const DOCUMENTATION = 'https://docs.github.com/rest'

/** An error in GitHub's shape. */
export const failed = (status: number, message: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body: { message, documentation_url: DOCUMENTATION, status: String(status) },
})

export const notFound = (): Answer => failed(404, 'Not Found')

/** GitHub's 422, with what does not fit. */
export const unprocessable = (faults: readonly DescriptionFault[]): Answer => ({
  status: 422,
  body: {
    message: `Validation Failed: ${faults.map((fault) => fault.message).join('; ')}`,
    errors: faults.map(({ field, message }) => ({ resource: 'Request', field, code: 'custom', message })),
    documentation_url: DOCUMENTATION,
    status: '422',
  },
})

export const secondaryLimit = (retryAfterSeconds: number): Answer =>
  failed(403, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.', {
    'retry-after': String(retryAfterSeconds),
  })

export const primaryLimit = (resetInSeconds: number): Answer =>
  failed(403, 'API rate limit exceeded for installation.', {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + resetInSeconds),
  })
