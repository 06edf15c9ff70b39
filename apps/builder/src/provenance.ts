import { imagePurl } from '@pushfn/images/image-purl'
import { signStatement } from '@pushfn/kit/signing-key'
import { version } from '@pushfn/kit/version'
import type { ImageBase } from '@pushfn/model/image-base'
import { BUILD_TYPE, type DsseEnvelope, ProvenanceStatement, type ResourceDescriptor } from '@pushfn/model/provenance'
import type { Run } from './run.ts'
import type { Source } from './steps/checkout.ts'
import type { FunctionPlan } from './steps/plan.ts'

export interface BuildFacts {
  source: Source
  plan: FunctionPlan
  bases: readonly ImageBase[]
  /** What the engine runs the image by. */
  digest: string
  startedAt: Date
  finishedAt: Date
}

/** Says what an image was made of, signed by this cloud. No value of the tenant's goes in but names that the commit shows. */
export const provenanceOf = async (run: Run, facts: BuildFacts): Promise<DsseEnvelope> => {
  const { context, build } = run
  const { plan, source } = facts
  const { ref, sha } = build.push
  return signStatement(
    context.signingKey,
    ProvenanceStatement.parse({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: plan.image.name, digest: { sha256: hexOf(facts.digest) } }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: BUILD_TYPE,
          externalParameters: {
            repository: source.url,
            ref,
            commit: sha,
            stack: plan.stackFile,
            function: plan.fn.name,
          },
          internalParameters: { template: plan.template.name, origin: plan.template.origin },
          resolvedDependencies: [
            { uri: `git+${source.url}@${ref}`, digest: { gitCommit: sha } },
            ...templateOf(plan),
            ...facts.bases.map(baseOf),
          ],
        },
        runDetails: {
          builder: { id: context.config.consoleUrl, version: { pushfn: await version() } },
          metadata: {
            invocationId: build.id,
            startedOn: facts.startedAt.toISOString(),
            finishedOn: facts.finishedAt.toISOString(),
          },
        },
      },
    } satisfies ProvenanceStatement),
  )
}

const templateOf = ({ template, context: { templateDigest } }: FunctionPlan): ResourceDescriptor[] =>
  templateDigest === undefined
    ? []
    : [
        {
          name: `template/${template.name}`,
          digest: { dirHash1: templateDigest },
        },
      ]

/** Where no registry has the image, its id on the builder's engine says which it was. */
const baseOf = ({ image, id, digest }: ImageBase): ResourceDescriptor => {
  const known = digest ?? id
  return { name: image, uri: imagePurl(image), ...(known !== null && { digest: { sha256: hexOf(known) } }) }
}

const hexOf = (digest: string): string => digest.slice(digest.lastIndexOf(':') + 1)
