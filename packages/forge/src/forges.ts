import { AppError } from '@pushfn/model/errors'
import type { AccountSettings } from './account-settings.ts'
import { type BuiltinSettings, createBuiltin } from './builtin/builtin.ts'
import type { Forge, ForgeKind } from './forge.ts'
import { createGitea } from './gitea/gitea.ts'
import { createGithub } from './github/github.ts'
import type { GithubSettings } from './github/settings.ts'
import { createGitlab } from './gitlab/gitlab.ts'

/** The settings of every forge this cloud is to know; a forge without settings is not there. */
export interface ForgeSettings {
  github?: GithubSettings | undefined
  gitlab?: AccountSettings | undefined
  gitea?: AccountSettings | undefined
  builtin?: BuiltinSettings | undefined
}

export type Forges = Readonly<Partial<Record<ForgeKind, Forge>>>

/** The forges of this cloud, by kind: one line per forge. */
export const createForges = (settings: ForgeSettings): Forges => ({
  ...(settings.github && { github: createGithub(settings.github) }),
  ...(settings.gitlab && { gitlab: createGitlab(settings.gitlab) }),
  ...(settings.gitea && { gitea: createGitea(settings.gitea) }),
  ...(settings.builtin && { builtin: createBuiltin(settings.builtin) }),
})

/** The forge that a repository's row names. Throws FORGE_FAILED when this process was not given its settings. */
export const forgeOf = (forges: Forges, kind: ForgeKind): Forge => {
  const forge = forges[kind]
  if (forge) return forge
  throw new AppError('FORGE_FAILED', `the forge ${kind} is not configured`, {
    hint: `this cloud is not connected to ${kind} at the moment; its operators must configure it`,
  })
}
