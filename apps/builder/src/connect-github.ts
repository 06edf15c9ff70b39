import { createForges } from '@pushfn/forge/forges'
import { githubSettingsFrom } from '@pushfn/forge/github/settings-from'
import { followGithubApp } from '@pushfn/kit/github-app'
import { readForgeApp } from '@pushfn/store/forge-apps'
import type { BuilderContext } from './context.ts'

/** Where the environment names no GitHub App, the one that was made at the console is this process's, from now on or later. */
export const connectGithub = async (context: BuilderContext): Promise<Disposable | undefined> => {
  const { config, db, forges, log } = context
  if (forges.github) return undefined
  return followGithubApp({
    secret: config.secret,
    read: () => readForgeApp(db, 'github'),
    connect: (app) => {
      // The one forge that may come later: whoever looks it up finds it from here on.
      Object.assign(forges, createForges({ github: githubSettingsFrom({ ...config, ...app }) }))
      log.info({ app: app.githubAppId }, 'GitHub is connected')
    },
    onError: (err) => log.error({ err }, 'the GitHub App of the database cannot be used; it is tried again'),
  })
}
