import { lstat, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { openSealingKey } from '@pushfn/kit/keyring-settings'
import { openBox, type SealingKey } from '@pushfn/kit/sealed-box'
import { AppError, type Fault, faultText } from '@pushfn/model/errors'
import type { FunctionSpec } from '@pushfn/model/function-spec'
import type { SealedSecretEntry } from '@pushfn/model/parse-sealed-secrets'
import { sealingKeyRow } from '@pushfn/store/sealing-keys'
import type { Run } from './run.ts'
import type { RootedStack } from './steps/read-stack.ts'

interface Planned {
  fn: { name: string }
  spec: FunctionSpec
}

const FILE = 'secrets.yml'
const MAX_BYTES = 65_536

/**
 * Gives the functions of a stack what stands sealed for them in `secrets.yml` beside it, of what they name: it is not looked for among the
 * tenant's own then. The boxes stay closed; each is opened once to see that it will open where the function runs. Throws STACK_INVALID with the
 * place of one that does not.
 */
export const withSealedSecrets = async <Plan extends Planned>(
  run: Run,
  { root, folder }: RootedStack,
  plans: readonly Plan[],
): Promise<Plan[]> => {
  const named = (plan: Planned, entry: SealedSecretEntry) =>
    entry.function === plan.fn.name && plan.spec.secrets.includes(entry.name)
  // Whoever names none may have such a file for something else.
  if (plans.every(({ spec }) => spec.secrets.length === 0)) return [...plans]
  const entries = await readEntries(run, { folder, file: posix.join(root, FILE) })
  const used = entries.filter((entry) => plans.some((plan) => named(plan, entry)))
  if (used.length > 0) await refuseClosed(run, used)
  return plans.map((plan) => {
    const own = used.filter((entry) => named(plan, entry))
    const sealed = Object.fromEntries(own.map(({ name, box }) => [name, box]))
    const secrets = plan.spec.secrets.filter((name) => !Object.hasOwn(sealed, name))
    return { ...plan, spec: { ...plan.spec, secrets, sealed } }
  })
}

const readEntries = async (
  run: Run,
  { folder, file }: { folder: string; file: string },
): Promise<readonly SealedSecretEntry[]> => {
  const path = posix.join(folder, FILE)
  const stats = await lstat(path).catch(() => undefined)
  if (!stats) return []
  if (!stats.isFile()) throw invalid([{ message: 'it is no plain file', place: { file } }])
  if (stats.size > MAX_BYTES) {
    throw invalid([{ message: `it has ${stats.size} bytes, more than ${MAX_BYTES}`, place: { file } }])
  }
  const parsed = await run.context.stackParser.parseSealedSecrets({ text: await readFile(path, 'utf8'), file })
  if ('faults' in parsed) throw invalid(parsed.faults)
  return parsed.entries
}

const refuseClosed = async (run: Run, entries: readonly SealedSecretEntry[]): Promise<void> => {
  const { tenant } = run.build.push.repository
  const row = await sealingKeyRow(run.context.db, tenant.id)
  const key = row && openSealingKey(run.context.keyring, row)
  // The tenant has a key that this cloud cannot open: no fault of the repository.
  if (row && !key) throw new AppError('INTERNAL', 'no key opens the tenant’s sealing key: put it into SECRETS_KEYS')
  const faults = await Promise.all(entries.map((entry) => faultOf(key, tenant.slug, entry)))
  const found = faults.filter((fault) => fault !== undefined)
  if (found.length > 0) throw invalid(found)
}

const faultOf = async (
  key: SealingKey | undefined,
  tenant: string,
  { function: name, name: secret, box, place }: SealedSecretEntry,
): Promise<Fault | undefined> => {
  const opened = key
    ? await openBox(key, { tenant, function: name, name: secret }, box)
    : ({ problem: 'closed' } as const)
  if ('value' in opened) return undefined
  const message =
    opened.problem === 'closed'
      ? 'it does not open: seal it anew, by this tenant’s sealing key'
      : `it was sealed for another place: seal it for the secret “${secret}” of the function “${name}”`
  return { message, place }
}

const invalid = (faults: readonly Fault[]): AppError =>
  new AppError('STACK_INVALID', 'sealed secrets are wrong', { hint: faults.map(faultText).join('\n'), faults })
