import type { BuildView } from '@pushfn/model/api'
import { branchOf } from './commit-text.ts'

/** Where a build comes from: repository, branch, commit, person. */
export const CommitFacts = ({ build }: { build: BuildView }) => (
  <>
    <span className="wrap-anywhere">
      {build.repository} / {branchOf(build.ref)}
    </span>
    <span className="font-mono" title={build.sha}>
      {build.sha.slice(0, 8)}
    </span>
    <span className="wrap-anywhere">{build.pusher}</span>
  </>
)
