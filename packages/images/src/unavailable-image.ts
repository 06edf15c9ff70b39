import { dockerfileLines } from './dockerfile-lines.ts'

/**
 * What became of an image that a Dockerfile stands on and that could not be had, in words for the tenant, with the line
 * that names it; undefined when the build failed by something else. BuildKit's own words tell of the cloud's resolvers and
 * name neither line nor mend.
 */
export const unavailableImage = (
  message: string,
  dockerfile: string,
): { message: string; line: number | undefined } | undefined => {
  const [, said] = /failed to create LLB definition: (.*)$/s.exec(message) ?? []
  if (said === undefined) return undefined
  const named = imageIn(said)
  const stages = bases(dockerfile)
  if (named !== undefined) {
    const found = stages.find(({ image }) => repositoryOf(image) === repositoryOf(named))
    return { message: sentence(found?.image ?? named, said), line: found?.line }
  }
  // A registry that denies is told of without the image's name.
  if (!DENIED.test(said)) return undefined
  const [only, second] = stages
  return second
    ? { message: sentence('an image', said), line: undefined }
    : only && { ...only, message: sentence(only.image, said) }
}

const DENIED = /denied|unauthorized|authorization|insufficient_scope/i

const sentence = (image: string, said: string): string => {
  if (/failed to do request|dial tcp|i\/o timeout|TLS handshake|EOF/i.test(said)) {
    return `the registry of ${image} does not answer: push again later, or stand on another image`
  }
  if (DENIED.test(said)) {
    return `${image} does not exist or is private, and builds have no access to it: stand on a public image`
  }
  return `there is no image ${image}: name one, with a tag, that its registry has`
}

/** Out of `…/v2/library/node/manifests/24`, of `registry.example.com/a/b:1: not found`, of `a/b: pull access denied`. */
const imageIn = (said: string): string | undefined => {
  const [, host = '', name, tag] = /"https?:\/\/([^/"]+)\/v2\/([^"\s]+)\/manifests\/([^"\s]+)"/.exec(said) ?? []
  if (name !== undefined) return `${host}/${name}:${tag}`
  return /^(\S+?):? (?:not found|pull access denied|failed to resolve)/.exec(
    said.replace(/^failed to resolve \S+ /, ''),
  )?.[1]
}

/** Images that the file's stages and copies name, as they are written. */
const bases = (dockerfile: string): { image: string; line: number }[] =>
  dockerfileLines(dockerfile).flatMap(({ text, line }) => {
    const from = /^FROM (?:--\S+ )*(\S+)/i.exec(text)?.[1] ?? /^(?:COPY|RUN) .*?\bfrom=([^\s,]+)/i.exec(text)?.[1]
    return from === undefined ? [] : [{ image: from, line }]
  })

/** `node:24`, `docker.io/library/node` and `registry-1.docker.io/library/node@sha256:…` are one repository. */
const repositoryOf = (image: string): string =>
  image
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .replace(/^(?:(?:registry-1\.|index\.)?docker\.io\/)/, '')
    .replace(/^library\//, '')
