import { gzipSync } from 'node:zlib'
import { CanaryRules } from '@pushfn/model/canary-rules'
import { domainRecord } from '@pushfn/model/domain-name'
import { RevisionId } from '@pushfn/model/ids'
import { confirmLive, moveAlias } from '@pushfn/store/alias-moves'
import { createBuildHook } from '@pushfn/store/build-hooks'
import { channels } from '@pushfn/store/bus'
import { startCanary } from '@pushfn/store/canaries'
import { recordDelivery } from '@pushfn/store/deliveries'
import { claimDomain } from '@pushfn/store/domains'
import { wishRebuild } from '@pushfn/store/rebuilds'
import { createToken } from '@pushfn/store/tokens'
import { type DnsServer, startDnsServer } from '../support/dns-server.ts'
import { aConsoleTenant, aPlayedBuild, type ConsoleTenant } from './console-builders.ts'
import { type ConsoleStage, startConsole } from './console-stage.ts'
import type { Known } from './openapi-values.ts'

/** An api with something of everything, whose controller is played: what is wished goes live at once. */
export interface FuzzStage extends AsyncDisposable {
  readonly stage: ConsoleStage
  readonly tokens: { owner: string; stranger: string; operator: string }
  readonly known: Known
}

export const startFuzzStage = async (): Promise<FuzzStage> => {
  await using undo = new AsyncDisposableStack()
  const dns = undo.use(await startDnsServer())
  const stage = undo.use(
    await startConsole({
      DNS_SERVERS: dns.address,
      GITLAB_URL: 'http://127.0.0.1:9',
      GITLAB_TOKEN: 'a-token',
      GITLAB_WEBHOOK_SECRET: 'a-secret-of-the-test',
    }),
  )
  const owner = await aConsoleTenant(stage, 'owner')
  const stranger = await aConsoleTenant(stage, 'stranger')
  const known = await somethingOfEverything(stage, owner, dns)
  undo.use(playController(stage))
  const end = undo.move()
  return {
    stage,
    tokens: { owner: owner.token, stranger: stranger.token, operator: stage.operatorToken },
    known,
    [Symbol.asyncDispose]: () => end.disposeAsync(),
  }
}

const somethingOfEverything = async (stage: ConsoleStage, owner: ConsoleTenant, dns: DnsServer): Promise<Known> => {
  const { db } = stage
  const builds: string[] = []
  for (let n = 0; n < 3; n++) {
    const build = await aPlayedBuild(stage, owner)
    await build.say({ kind: 'state', state: 'building' }, { kind: 'log', text: 'hello', level: 'info' })
    await build.goLive('hello', 'other')
    await build.say({ kind: 'state', state: 'live' })
    builds.push(build.id)
  }
  const failed = await aPlayedBuild(stage, owner, {
    failure: { code: 'BUILD_FAILED', hint: 'no', faults: [{ message: 'no', place: { file: 'stack.yml', line: 1 } }] },
  })
  await failed.say({ kind: 'state', state: 'failed', reason: 'no' })
  const revisions = await db.revision.findMany({ select: { id: true, sha: true, digest: true } })
  for (const { id } of revisions) await confirmLive(db, id)
  await db.imageRecord.createMany({
    data: revisions.map(({ digest }) => ({ digest, ...IMAGE_FACTS })),
    skipDuplicates: true,
  })
  for (const name of DOMAINS) {
    const claim = await claimDomain(db, owner.tenant.id, { name, function: null })
    const record = claim && domainRecord(name, claim.token)
    if (record) dns.records.set(record.name, [record.value])
  }
  const tried = await db.revision.findFirstOrThrow({ where: { function: { name: 'other' } }, orderBy: { id: 'asc' } })
  const plan = { weight: 5, steps: null, rules: CanaryRules.parse({}) }
  await startCanary(db, { tenantId: owner.tenant.id, name: 'other' }, { revision: RevisionId.parse(tried.id) }, plan)
  await wishRebuild(db, {})
  for (let n = 0; n < 3; n++) {
    await recordDelivery(db, aDelivery(owner, n), async () => ({ outcome: 'accepted' as const }))
    await createToken(db, owner.tenant.id, { name: `spare ${n}` })
    await createBuildHook(db, owner.repository.id, { name: `spare ${n}`, branch: null })
  }
  const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)
  return {
    tenant: ['owner'],
    function: ['hello', 'other'],
    repository: ['shop'],
    forge: ['gitlab'],
    revision: ids(revisions),
    sha: revisions.map(({ sha }) => sha),
    alias: revisions.map(({ sha }) => sha.slice(0, 8)),
    domain: DOMAINS,
    secret: ['db-password', 'api.key'],
    base64: ['aHVudGVyMg==', 'aHVudGVy'],
    builds: [...builds, failed.id],
    before: builds,
    repositories: ['15'],
    rebuilds: ids(await db.rebuild.findMany()),
    deliveries: (await db.delivery.findMany()).map(({ entryId }) => entryId),
    // Not the one that the owner asks with.
    tokens: ids(await db.apiToken.findMany({ where: { name: { startsWith: 'spare' } } })),
    hooks: ids(await db.buildHook.findMany()),
    token: [owner.token],
    ref: ['main', 'v1'],
    promote: ['tag v*', 'release v*'],
    roots: ['.', 'a/b'],
  }
}

const DOMAINS = ['shop.example.com', 'xn--bcher-kva.example.com', `${'a'.repeat(63)}.${'b'.repeat(63)}.example.com`]

const IMAGE_FACTS = {
  bases: [{ image: 'debian', id: 'sha256:1', digest: null, isOfCloud: false }],
  provenance: { payloadType: 'a', payload: 'aaaa', signatures: [{ keyid: 'k', sig: 'aaaa' }] },
  sbom: new Uint8Array(gzipSync('{"bomFormat":"CycloneDX","specVersion":"1.6"}')),
}

const aDelivery = ({ tenant }: ConsoleTenant, n: number) => ({
  forge: tenant.forge,
  id: `delivery-${n}`,
  event: 'ping',
  events: [{ kind: 'ping' }],
  account: { id: tenant.forgeAccountId, login: tenant.login },
})

/** Whoever rolls back waits for this. */
const playController = ({ db, bus, cloud }: ConsoleStage): AsyncDisposable => {
  const stop = new AbortController()
  const turn = async (): Promise<void> => {
    for (const { id: aliasId, functionId, wantedRevisionId, revisionId } of await db.alias.findMany()) {
      if (wantedRevisionId === null || wantedRevisionId === revisionId) continue
      if (!(await moveAlias(db, { aliasId, functionId, revisionId: wantedRevisionId }))) continue
      await confirmLive(db, wantedRevisionId)
      await bus.publish(channels(cloud).revisionSettled, wantedRevisionId)
    }
  }
  const turns = (async () => {
    while (!stop.signal.aborted) {
      await turn()
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  })()
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await turns
    },
  }
}
