import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { StackFunction } from '@pushfn/model/stack'
import { missingSecrets } from '@pushfn/store/secrets'
import type { Run } from './run.ts'

interface Planned {
  fn: StackFunction
  stackFile: string
  spec: FunctionSpec
}

/**
 * Looks at what the functions name before anything is built. Throws STACK_INVALID with the place of each secret that the tenant has
 * not. Where they do not go live they get those alone that the repository's settings let through; returns what is left out as warnings.
 */
export const checkSecrets = async (run: Run, plans: readonly Planned[]): Promise<SecretWarning[]> => {
  const { target } = run
  const isGiven = (name: string) => !target || target.secrets.includes(name)
  const { tenantId } = run.build.push.repository
  const names = new Set(plans.flatMap(({ spec }) => spec.secrets.filter(isGiven)))
  const missing = new Set(await missingSecrets(run.context.db, tenantId, [...names]))
  const faults = plans.flatMap(({ fn, spec, stackFile }) =>
    spec.secrets
      .filter((name) => missing.has(name))
      .map((name) => ({ name: fn.name, fault: missingFault({ fn, stackFile }, name) })),
  )
  const [first] = faults
  if (first) {
    const all = faults.map(({ fault }) => fault)
    throw new AppError('STACK_INVALID', 'a secret is missing', {
      function: first.name,
      hint: faultText(first.fault),
      faults: all,
    })
  }
  return plans.flatMap(({ fn, stackFile }) => {
    const left = fn.secrets.filter((name) => !isGiven(name))
    return left.length === 0 ? [] : [{ fn, fault: leftOut(run, { fn, stackFile }, left) }]
  })
}

export interface SecretWarning {
  fn: StackFunction
  fault: Fault
}

type Place = Pick<Planned, 'fn' | 'stackFile'>

const placeOf = ({ fn, stackFile }: Place) => ({
  file: stackFile,
  ...(fn.places.secrets ?? fn.place),
  key: `functions.${fn.name}.secrets`,
})

const missingFault = (at: Place, name: string): Fault => {
  const message = `there is no secret “${name}”: set it first, by “pushfn secret set ${name}”`
  return { message, place: placeOf(at) }
}

const leftOut = ({ target }: Run, at: Place, names: readonly string[]): Fault => {
  const where = target?.isEnvironment ? `environments.${target.alias}.secrets` : 'previews.secrets'
  const all = names.map((name) => `“${name}”`).join(', ')
  const message = `it runs here without ${all}: the repository’s setting ${where} says which secrets it gets`
  return { message, place: placeOf(at) }
}
