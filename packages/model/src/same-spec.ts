import { FunctionSpec } from './function-spec.ts'

/**
 * Whether a function would run exactly as before. Which commit it came from and when do not count: those labels tell of the
 * push that started what runs, and nobody restarts a function for a label that says that it was not restarted.
 */
export const isSameSpec = (one: FunctionSpec, other: FunctionSpec): boolean => canonical(one) === canonical(other)

/** As `isSameSpec`, whatever branch they came from: of a pull request, whose branch is always another one. */
export const isSameSpecButBranch = (one: FunctionSpec, other: FunctionSpec): boolean =>
  isSameSpec(withoutBranch(one), withoutBranch(other))

const withoutBranch = ({ labels: { [BRANCH]: _, ...labels }, ...spec }: FunctionSpec): FunctionSpec => ({
  ...spec,
  labels,
})

const BRANCH = 'com.openfaas.cloud.git-branch'

/** OpenFaaS Cloud's labels that differ with every push. */
const OF_ONE_PUSH = ['com.openfaas.cloud.git-sha', 'com.openfaas.cloud.git-deploytime']

/** One text for all specs that mean the same, whatever the order of their keys and whatever was left to defaults. */
const canonical = (spec: FunctionSpec): string => {
  const parsed = FunctionSpec.parse(spec)
  const labels = Object.entries(parsed.labels).filter(([name]) => !OF_ONE_PUSH.includes(name))
  return JSON.stringify({ ...parsed, labels: Object.fromEntries(labels) }, (_key, value: unknown) =>
    isMap(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  )
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
