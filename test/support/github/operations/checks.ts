import { notFound, unprocessable } from '../answers.ts'
import { isObject } from '../json-schema.ts'
import { type CheckRun, fullName, type Repository, say } from '../world.ts'
import { type Handler, type OperationRequest, repositoryFor } from './operation.ts'
import { commitFault } from './statuses.ts'

/** https://docs.github.com/en/rest/checks/runs#create-a-check-run */
export const createCheck: Handler = async (request) => {
  const found = repositoryFor(request, 'checks', 'write')
  if ('answer' in found) return found.answer
  const { world, body } = request
  const sha = String(body.head_sha)
  const fault = completionFault(body) ?? (await commitFault(found.repository, sha))
  if (fault) return unprocessable([fault])
  const check: CheckRun = {
    id: world.nextId(),
    repositoryId: found.repository.id,
    sha,
    fields: { status: 'queued', ...body, name: String(body.name) },
    annotations: annotationsOf(body),
    updates: 0,
  }
  world.checks.push(check)
  return written(request, found.repository, check, 201)
}

export const updateCheck: Handler = (request) =>
  withCheck(request, 'write', (repository, check) => {
    const fault = completionFault(request.body)
    if (fault) return unprocessable([fault])
    Object.assign(check.fields, request.body)
    check.annotations.push(...annotationsOf(request.body))
    check.updates += 1
    return written(request, repository, check, 200)
  })

export const getCheck: Handler = (request) =>
  withCheck(request, 'read', (repository, check) => ({ status: 200, body: checkBody(request, repository, check) }))

export const listChecksForRef: Handler = (request) => {
  const found = repositoryFor(request, 'checks', 'read')
  if ('answer' in found) return found.answer
  const { world, path, query } = request
  const own = world.checks.filter(
    (check) =>
      check.repositoryId === found.repository.id &&
      check.sha === path.ref &&
      (query.check_name === undefined || query.check_name === check.fields.name),
  )
  const page = own.toReversed().slice(0, Number(query.per_page ?? 30))
  const check_runs = page.map((check) => checkBody(request, found.repository, check))
  return { status: 200, body: { total_count: own.length, check_runs } }
}

const withCheck = (
  request: OperationRequest,
  level: 'read' | 'write',
  run: (repository: Repository, check: CheckRun) => ReturnType<Handler>,
): ReturnType<Handler> => {
  const found = repositoryFor(request, 'checks', level)
  if ('answer' in found) return found.answer
  const check = request.world.checks.find(
    ({ id, repositoryId }) => id === request.path.check_run_id && repositoryId === found.repository.id,
  )
  return check ? run(found.repository, check) : notFound()
}

const written = (request: OperationRequest, repository: Repository, check: CheckRun, status: number) => {
  if (check.fields.conclusion !== undefined) check.fields.status = 'completed'
  const { output, details_url } = check.fields
  say(request.world, {
    repositoryId: repository.id,
    sha: check.sha,
    context: check.fields.name,
    state: STATES[String(check.fields.conclusion ?? '')] ?? 'pending',
    description: isObject(output) && typeof output.title === 'string' ? output.title : null,
    targetUrl: typeof details_url === 'string' ? details_url : null,
    at: new Date(),
    by: 'check',
  })
  return { status, body: checkBody(request, repository, check) }
}

/** A conclusion in the words of commit statuses, as GitHub rolls both up. */
const STATES: Readonly<Record<string, string>> = {
  success: 'success',
  neutral: 'success',
  skipped: 'success',
  failure: 'failure',
  timed_out: 'failure',
  action_required: 'failure',
  cancelled: 'error',
}

const completionFault = (body: Record<string, unknown>) =>
  (body.status === 'completed' || body.completed_at !== undefined) && body.conclusion === undefined
    ? { field: 'conclusion', message: 'a completed check run needs a conclusion' }
    : undefined

const annotationsOf = (body: Record<string, unknown>): unknown[] =>
  isObject(body.output) && Array.isArray(body.output.annotations) ? body.output.annotations : []

const checkBody = ({ description, url }: OperationRequest, repository: Repository, check: CheckRun) => {
  const { external_id, details_url, status, conclusion, started_at, completed_at, output } = check.fields
  const self = `${url}/api/v3/repos/${fullName(repository)}/check-runs/${check.id}`
  const { title, summary, text } = isObject(output) ? output : {}
  return {
    ...description.example('check-run'),
    id: check.id,
    head_sha: check.sha,
    name: check.fields.name,
    external_id: external_id ?? '',
    url: self,
    html_url: `${url}/${fullName(repository)}/runs/${check.id}`,
    details_url: details_url ?? url,
    status,
    conclusion: conclusion ?? null,
    started_at: started_at ?? new Date().toISOString(),
    completed_at: completed_at ?? null,
    output: {
      title: title ?? null,
      summary: summary ?? null,
      text: text ?? null,
      annotations_count: check.annotations.length,
      annotations_url: `${self}/annotations`,
    },
    pull_requests: [],
  }
}
