import { Agent, type RequestInit, type Response, fetch as undiciFetch } from 'undici'

/** Browsers and curl know that `*.localhost` is this machine; Node asks the resolver, which may not. */
const agent = new Agent({
  connect: {
    lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
  },
})

/** `fetch` for the names of a cloud on this machine. */
export const localFetch = (url: string, init: RequestInit = {}): Promise<Response> =>
  undiciFetch(url, { ...init, dispatcher: agent })
