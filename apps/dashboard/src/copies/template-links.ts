/** What a copy is called unless somebody says otherwise: the last part of the template's address. */
export const nameFrom = (template: string): string => {
  if (!URL.canParse(template)) return ''
  const last = new URL(template).pathname.split('/').findLast(Boolean) ?? ''
  return last
    .replace(/\.git$/, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 100)
}

/**
 * GitHub's page that makes a repository of a template; undefined for what is not at GitHub.
 * https://docs.github.com/repositories/creating-and-managing-repositories/creating-a-new-repository#creating-a-new-repository-from-a-url-query
 */
export const copyAtGithub = (template: string): string | undefined => {
  if (!URL.canParse(template)) return undefined
  const { protocol, host, pathname } = new URL(template)
  const [, owner, name] = /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(pathname) ?? []
  if (protocol !== 'https:' || host !== 'github.com' || !owner || !name) return undefined
  return `https://github.com/new?${new URLSearchParams({ template_owner: owner, template_name: name, name })}`
}
