import { createAppAuth } from '@octokit/auth-app'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import { RequestError } from '@octokit/request-error'
import { Octokit } from '@octokit/rest'
import Bottleneck from 'bottleneck'
import { fetchWithin } from '../call.ts'
import type { Patience } from '../patience.ts'
import { isRateLimit } from './failure.ts'
import type { GithubSettings } from './settings.ts'

export interface Octokits {
  /** A client with an installation's token. */
  withToken: (installationId: string, token: string) => Octokit
  /** A client that is the App itself: it can ask for tokens, and how its webhooks went. `pace`: with whom it takes turns. */
  asApp: (pace: string) => Octokit
  /** Until when GitHub wants to hear nothing of an installation, where that is longer than anybody waits; else undefined. */
  limitedUntil: (installationId: string) => Date | undefined
}

/** GitHub counts by the hour: a limit that lasts longer is none of its. */
const LONGEST_LIMIT_MS = 3_600_000

/**
 * GitHub clients, paced per installation, because GitHub counts its limits per installation: one tenant's hundred
 * functions do not hold up another's status. GitHub asks for a second between writes and counts 80 a minute; a bucket of
 * 15 that fills by one a second keeps below that, and lets a push report at once
 * (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
 */
export const createOctokits = (settings: GithubSettings, patience: Patience): Octokits => {
  const pace = {
    global: new Bottleneck.Group({ maxConcurrent: 10 }),
    write: new Bottleneck.Group({
      reservoir: 15,
      reservoirIncreaseAmount: 1,
      reservoirIncreaseInterval: 1_000,
      reservoirIncreaseMaximum: 15,
    }),
    auth: new Bottleneck.Group({ maxConcurrent: 2 }),
  }
  const limited = new Map<string, number>()
  const mayWaitFor =
    (installationId: string) =>
    (retryAfterSeconds: number, _request: object, _octokit: unknown, retryCount: number): boolean => {
      const waitMs = retryAfterSeconds * 1_000
      if (waitMs > patience.maxWaitMs) limited.set(installationId, Date.now() + Math.min(waitMs, LONGEST_LIMIT_MS))
      return retryCount < 2 && waitMs <= patience.maxWaitMs
    }

  const optionsFor = (installationId: string) => ({
    baseUrl: settings.apiUrl.replace(/\/+$/, ''),
    userAgent: 'pushfn',
    log: SILENT,
    request: { fetch: fetchWithin(patience.attemptMs) },
    retry: { retries: patience.retries, retryAfterBaseValue: patience.retryBaseMs, doNotRetry: DO_NOT_RETRY },
    throttle: {
      ...pace,
      id: installationId,
      onRateLimit: mayWaitFor(installationId),
      onSecondaryRateLimit: mayWaitFor(installationId),
    },
  })

  return {
    withToken: (installationId: string, token: string) => new Client({ ...optionsFor(installationId), auth: token }),
    asApp: (pace: string) =>
      new Client({
        ...optionsFor(pace),
        authStrategy: createAppAuth,
        auth: { appId: settings.appId, privateKey: settings.privateKey, log: SILENT },
      }),
    limitedUntil: (installationId) => {
      const until = limited.get(installationId)
      if (until !== undefined && until > Date.now()) return new Date(until)
      limited.delete(installationId)
      return undefined
    },
  }
}

/**
 * Some of GitHub's front doors limit with a bare `Retry-After` and none of the words that the throttling plugin knows a
 * limit by. This puts the words in, so that the wait is honoured.
 */
const bareRetryAfter = (octokit: Pick<Octokit, 'hook'>) => {
  octokit.hook.error('request', (error) => {
    const isBare =
      error instanceof RequestError &&
      isRateLimit(error) &&
      error.response?.headers['x-ratelimit-remaining'] !== '0' &&
      !/\bsecondary rate\b/i.test(error.message)
    if (isBare) error.message = `${error.message} (secondary rate limit)`
    throw error
  })
}

// The throttling plugin is the outer one: it alone decides on limits, the retry plugin on all else.
const Client = Octokit.plugin(bareRetryAfter, retry, throttling)

/** Answers that do not change by asking again; 403 and 429 belong to the throttling plugin. */
const DO_NOT_RETRY = [400, 401, 403, 404, 409, 410, 422, 429, 451]

// Octokit would write to the console; every failure reaches the caller as an error anyway.
const silent = () => undefined
const SILENT = { debug: silent, info: silent, warn: silent, error: silent }
