/** Languages of OpenFaaS's templates that a built-in template of ours serves: same handler, same answer. */
const ALIASES: Readonly<Record<string, string>> = {
  node: 'node24',
  node12: 'node24',
  node14: 'node24',
  node16: 'node24',
  node17: 'node24',
  node18: 'node24',
  node20: 'node24',
  node22: 'node24',
  python: 'python3',
  'python3-debian': 'python3',
  'python3-flask': 'python3',
  'python3-flask-debian': 'python3',
  'python3-http-debian': 'python3-http',
  'bash-streaming': 'bash',
  Dockerfile: 'dockerfile',
}

/** The built-in template for a language as written, with what the author should know when it goes by another name here. */
export const canonicalName = (lang: string): { name: string; warning?: string } => {
  const name = Object.hasOwn(ALIASES, lang) ? ALIASES[lang] : undefined
  if (name === undefined) return { name: lang }
  if (name === 'dockerfile') return { name }
  return { name, warning: `lang ${lang} is built with the template ${name}: the handler stays as it is` }
}
