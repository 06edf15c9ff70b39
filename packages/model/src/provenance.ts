import { z } from 'zod'

/**
 * How an image came about, as others read it: an in-toto statement with the predicate of SLSA's build track, in a signed
 * envelope. What is optional in the specifications and never said here is left out.
 */

/** https://github.com/secure-systems-lab/dsse/blob/master/envelope.md */
export const DsseEnvelope = z.strictObject({
  payloadType: z.string(),
  /** The statement's bytes in base64. */
  payload: z.base64(),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.base64() })).min(1),
})
export type DsseEnvelope = z.infer<typeof DsseEnvelope>

/** https://cyclonedx.org/docs/1.6/json/: the whole of its schema is CycloneDX's own. */
export const BillOfMaterials = z.looseObject({ bomFormat: z.literal('CycloneDX'), specVersion: z.string() })
export type BillOfMaterials = z.infer<typeof BillOfMaterials>

export const STATEMENT_TYPE = 'application/vnd.in-toto+json'

const DigestSet = z.record(z.string().regex(/^[a-z][A-Za-z0-9_]*$/), z.string().regex(/^[0-9a-f]+$/))

/** https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
export const ResourceDescriptor = z
  .strictObject({
    name: z.string().optional(),
    uri: z.string().optional(),
    digest: DigestSet.optional(),
  })
  .refine(({ uri, digest }) => uri !== undefined || digest !== undefined, 'uri or digest')
export type ResourceDescriptor = z.infer<typeof ResourceDescriptor>

/** How this cloud builds: docs/supply-chain.md says what the parameters mean. */
export const BUILD_TYPE = 'https://pushfn.cloud/build/v1'

/** https://slsa.dev/spec/v1.0/provenance */
export const SlsaProvenance = z.strictObject({
  buildDefinition: z.strictObject({
    buildType: z.literal(BUILD_TYPE),
    externalParameters: z.strictObject({
      repository: z.string(),
      ref: z.string(),
      commit: z.string(),
      stack: z.string(),
      function: z.string(),
    }),
    /** `origin`: `built-in`, `repository` or `fetched`. */
    internalParameters: z.strictObject({ template: z.string(), origin: z.string() }),
    resolvedDependencies: z.array(ResourceDescriptor),
  }),
  runDetails: z.strictObject({
    builder: z.strictObject({ id: z.url(), version: z.record(z.string(), z.string()) }),
    metadata: z.strictObject({ invocationId: z.string(), startedOn: z.iso.datetime(), finishedOn: z.iso.datetime() }),
  }),
})

/** https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
export const ProvenanceStatement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.strictObject({ name: z.string(), digest: DigestSet })).length(1),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: SlsaProvenance,
})
export type ProvenanceStatement = z.infer<typeof ProvenanceStatement>
