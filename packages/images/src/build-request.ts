import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import withSession from 'dockerode/lib/session.js'

export interface BuildRequest {
  tar: Readable
  query: Readonly<Record<string, string>>
  signal: AbortSignal
  /** Opens a session, without which BuildKit pulls nothing. Images that stand on local ones alone are built faster without. */
  mayPull: boolean
}

export interface BuildAnswer {
  stream: Readable
  close: () => void
}

/**
 * `POST /build` with BuildKit. (`docker.buildImage` always opens a session, and leaves it open when the build is aborted.)
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
 */
export const requestBuild = async (docker: Docker, request: BuildRequest): Promise<BuildAnswer> => {
  const session = request.mayPull ? await openSession(docker) : undefined
  const close = session?.close ?? (() => {})
  const query = { ...request.query, version: '2', ...(session && { session: session.id }) }
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      const options = {
        path: '/build?',
        method: 'POST',
        options: query,
        file: request.tar,
        abortSignal: request.signal,
        isStream: true,
        statusCodes: { 200: true, 400: 'bad parameter', 500: 'server error' },
      }
      docker.modem.dial(options, (err, answer) => {
        if (err || !(answer instanceof Readable))
          return reject(err ?? new Error('the engine answered without a stream'))
        // The request's abort destroys the socket, not what is read of it.
        request.signal.addEventListener('abort', () => answer.destroy(new Error('aborted')), { once: true })
        resolve(answer)
      })
    })
    return { stream, close }
  } catch (err) {
    close()
    throw err
  }
}

/** Ends a build by the id it was given; one that has ended already is no error. */
export const cancelBuild = async (docker: Docker, buildId: string): Promise<void> => {
  await new Promise<void>((resolve) => {
    const options = {
      path: '/build/cancel?',
      method: 'POST',
      options: { id: buildId },
      abortSignal: AbortSignal.timeout(5_000),
      statusCodes: { 200: true, 204: true, 404: true, 500: 'server error' },
    }
    docker.modem.dial(options, () => resolve())
  })
}

const openSession = (docker: Docker): Promise<{ id: string; close: () => void }> =>
  new Promise((resolve, reject) => {
    withSession(docker, undefined, (err, id, close) => (err || !id ? reject(err) : resolve({ id, close })))
  })
