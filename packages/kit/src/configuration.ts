import { z } from 'zod'
import { Secret } from './secret.ts'

/**
 * Configuration comes from the environment, is read once at the start, and nothing else reads the environment. Each app
 * describes its own with `defineConfiguration`; the same description makes `.env.example` and `docs/configuration.md`.
 */
export interface Setting<Value> {
  /** The environment variable. */
  env: string
  /** One sentence for the documentation. */
  description: string
  schema: z.ZodType<Value, string | undefined>
  /** As it would stand in the environment; absent when the setting is required or has no default. */
  default?: string
  isOptional?: boolean
}

export type Settings = Record<string, Setting<unknown>>

export type Configuration<S extends Settings> = {
  readonly [Key in keyof S]: S[Key] extends Setting<infer V> ? V : never
}

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/**
 * Reads every setting from `env`. All problems are found at once: throws ConfigurationError with one line for each,
 * naming the variable. An empty value counts as not set.
 */
export const readConfiguration = <S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): Configuration<S> => {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings)) {
    const text = env[setting.env] || setting.default
    if (text === undefined && setting.isOptional) continue
    if (text === undefined) {
      problems.push(`${setting.env} is not set: ${setting.description}`)
      continue
    }
    const parsed = setting.schema.safeParse(text)
    if (parsed.success) values[key] = parsed.data
    else problems.push(`${setting.env} is wrong: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`)
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'))
  // The loop above put a parsed value of each setting's own type under each key.
  return Object.freeze(values) as Configuration<S>
}

type Describe = { env: string; description: string; default?: string }

/** The kinds of settings there are. Each takes `{ env, description, default? }`. */
export const setting = {
  text: (about: Describe): Setting<string> => ({ ...about, schema: z.string().min(1) }),
  optionalText: (about: Describe): Setting<string | undefined> => ({
    ...about,
    isOptional: true,
    schema: z.string().min(1),
  }),
  url: (about: Describe): Setting<string> => ({
    ...about,
    schema: z.url({ error: 'it must be a URL such as http://host:8080' }).transform((url) => url.replace(/\/+$/, '')),
  }),
  optionalUrl: (about: Describe): Setting<string | undefined> => ({
    ...about,
    isOptional: true,
    schema: z.url({ error: 'it must be a URL such as http://host:8080' }).transform((url) => url.replace(/\/+$/, '')),
  }),
  integer: (about: Describe, range: { min: number; max: number }): Setting<number> => ({
    ...about,
    schema: z
      .string()
      .regex(/^-?\d+$/, 'it must be a whole number')
      .transform(Number)
      .pipe(z.number().min(range.min).max(range.max)),
  }),
  port: (about: Describe): Setting<number> => setting.integer(about, { min: 0, max: 65_535 }),
  flag: (about: Describe): Setting<boolean> => ({
    ...about,
    schema: z.enum(['true', 'false'], { error: 'it must be true or false' }).transform((value) => value === 'true'),
  }),
  oneOf: <const Values extends readonly [string, ...string[]]>(
    about: Describe,
    values: Values,
  ): Setting<Values[number]> => ({
    ...about,
    schema: z.enum(values, { error: `it must be one of ${values.join(', ')}` }),
  }),
  list: (about: Describe): Setting<readonly string[]> => ({
    ...about,
    isOptional: false,
    default: about.default ?? '-',
    schema: z.string().transform((value) => (value === '-' ? [] : value.split(',').map((item) => item.trim()))),
  }),
  secret: (about: Describe): Setting<Secret> => ({
    ...about,
    schema: z
      .string()
      .min(16, 'it must have at least 16 characters')
      .transform((value) => new Secret(value)),
  }),
  optionalSecret: (about: Describe): Setting<Secret | undefined> => ({
    ...about,
    isOptional: true,
    schema: z
      .string()
      .min(1)
      .transform((value) => new Secret(value)),
  }) /** Several, with commas; none when it is not set. */,
  secrets: (about: Omit<Describe, 'default'>): Setting<readonly Secret[]> => ({
    ...about,
    isOptional: false,
    default: '-',
    schema: z
      .string()
      .transform((value) => (value === '-' ? [] : value.split(',').map((item) => item.trim())))
      .refine((items) => items.every((item) => item.length >= 16), 'each must have at least 16 characters')
      .transform((items) => items.map((item) => new Secret(item))),
  }),
}
