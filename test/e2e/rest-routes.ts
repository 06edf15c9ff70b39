import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { repositoryRoot } from '@pushfn/local/repository-root'

/** Every route of the REST API as the controllers' decorators have it: `GET tenants/:tenant/builds`. */
export const restRoutes = async (): Promise<string[]> => {
  const routes: string[] = []
  for await (const file of glob('apps/api/src/**/*.controller.ts', { cwd: repositoryRoot })) {
    const source = await readFile(join(repositoryRoot, file), 'utf8')
    const prefix = /@Controller\('api\/v1\/?([^']*)'\)/.exec(source)?.[1]
    if (prefix === undefined && file.includes('/rest/')) throw new Error(`${file}: no prefix that can be read`)
    if (prefix === undefined) continue
    for (const [, method = '', path] of source.matchAll(/@(Get|Post|Put|Patch|Delete|All)\((?:'([^']*)')?\)/g)) {
      routes.push(`${method.toUpperCase()} ${[prefix, path].filter(Boolean).join('/')}`)
    }
  }
  return routes.toSorted()
}
