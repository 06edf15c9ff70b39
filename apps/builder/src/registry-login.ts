import type { BuilderContext } from './context.ts'

/** Undefined for a registry that asks nobody who they are. */
export const registryLogin = ({
  registryUser: username,
  registryPassword: password,
}: Pick<BuilderContext['config'], 'registryUser' | 'registryPassword'>) =>
  username && password ? { username, password: password.reveal() } : undefined
