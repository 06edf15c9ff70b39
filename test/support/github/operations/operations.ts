import { getBranch } from './branches.ts'
import { createCheck, getCheck, listChecksForRef, updateCheck } from './checks.ts'
import { createComment, listComments, updateComment } from './comments.ts'
import { createDeployment, createDeploymentStatus, listDeploymentStatuses, listDeployments } from './deployments.ts'
import { listWebhookDeliveries, redeliverWebhookDelivery } from './hook-deliveries.ts'
import { createFromManifest } from './manifests.ts'
import type { Handler } from './operation.ts'
import { getRepository, listInstallationRepositories } from './repositories.ts'
import { createCommitStatus, listCommitStatuses } from './statuses.ts'
import { createInstallationToken } from './tokens.ts'

/** The part of GitHub's API that the stand-in speaks, by GitHub's own operation ids. */
export const OPERATIONS: Readonly<Record<string, Handler>> = {
  'apps/create-installation-access-token': createInstallationToken,
  'apps/list-repos-accessible-to-installation': listInstallationRepositories,
  'apps/create-from-manifest': createFromManifest,
  'apps/list-webhook-deliveries': listWebhookDeliveries,
  'apps/redeliver-webhook-delivery': redeliverWebhookDelivery,
  'repos/get': getRepository,
  'repos/get-branch': getBranch,
  'repos/create-commit-status': createCommitStatus,
  'repos/list-commit-statuses-for-ref': listCommitStatuses,
  'issues/list-comments': listComments,
  'issues/create-comment': createComment,
  'issues/update-comment': updateComment,
  'checks/create': createCheck,
  'checks/update': updateCheck,
  'checks/get': getCheck,
  'checks/list-for-ref': listChecksForRef,
  'repos/create-deployment': createDeployment,
  'repos/list-deployments': listDeployments,
  'repos/create-deployment-status': createDeploymentStatus,
  'repos/list-deployment-statuses': listDeploymentStatuses,
}
