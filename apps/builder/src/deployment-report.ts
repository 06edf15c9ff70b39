import { placeOf } from '@pushfn/model/build-target'
import type { CommitState } from '@pushfn/model/deploy-status'
import { buildPageUrl } from '@pushfn/model/urls'
import type { WantedReport } from '@pushfn/store/reports'
import type { Run } from './run.ts'

/**
 * What the forge's record of the deployment shall say: nothing for a forge that has none, when the operators want
 * none, or nothing is brought anywhere yet.
 * It is one for the whole stack: it leads to the function when there is one alone, otherwise to the page that lists them.
 */
export const deploymentReport = (
  run: Run,
  about: { state: CommitState; description: string; urls?: readonly string[] },
): WantedReport[] => {
  const { config, forges, urls } = run.context
  if (!config.areDeploymentsRecorded || !forges[run.build.push.repository.forge]?.setDeployment) return []
  const { target } = run
  if (run.build.isStaged) return []
  const environment = placeOf(target) ?? 'production'
  const [only, second] = about.urls ?? []
  return [
    {
      // No function can be named so. Previews share an environment, but none overtakes another.
      context: `deployment:${target?.alias ?? environment}`,
      environment,
      state: about.state,
      description: about.description,
      targetUrl: only && !second ? only : buildPageUrl(urls, run.build.id),
    },
  ]
}
