declare module 'dockerode/lib/session.js' {
  import type Docker from 'dockerode'

  /** Opens the session by which BuildKit asks for registry credentials; `done` closes it. */
  const withSession: (
    docker: Docker,
    auth: { username: string; password: string } | undefined,
    handler: (err: Error | null, sessionId: string | null, done: () => void) => void,
  ) => void
  export default withSession
}
