import type { Database } from './database.ts'
import type { ForgeKind, Person, Role, Tenant } from './generated/client.ts'

export type { Person } from './generated/client.ts'

/** An account of a forge, as the forge says who somebody is and what of. */
export interface PersonFacts {
  forge: ForgeKind
  /** The forge's own id: logins change hands. */
  id: string
  login: string
  /** The accounts whose tenants it has access to, its own among them. */
  accounts: readonly { id: string; role: Role }[]
}

/** What somebody may do with a tenant. */
export interface Access {
  tenant: Tenant
  role: Role
}

/** Writes down who signed in, and what the forge says of them today in place of what it said before. */
export const recordPerson = (db: Database, { forge, id, login, accounts }: PersonFacts): Promise<Person> =>
  db.$transaction(async (tx) => {
    const key = { forge, forgeUserId: id }
    const person = await tx.person.upsert({
      where: { forge_forgeUserId: key },
      create: { ...key, login },
      update: { login },
    })
    await tx.membership.deleteMany({ where: { personId: person.id } })
    await tx.membership.createMany({
      data: accounts.map((account) => ({ personId: person.id, forgeAccountId: account.id, role: account.role })),
    })
    return person
  })

/** The person, and what they have access to, by slug; undefined for nobody, and for who has signed out everywhere since. */
export const personSince = async (
  db: Database,
  id: string,
  signedInAt: Date,
): Promise<{ person: Person; access: Access[] } | undefined> => {
  const found = await db.person.findUnique({ where: { id }, include: { memberships: true } })
  if (!found || (found.signedOutAt && found.signedOutAt >= signedInAt)) return undefined
  const { memberships, ...person } = found
  const roles = new Map(memberships.map(({ forgeAccountId, role }) => [forgeAccountId, role]))
  const tenants = await db.tenant.findMany({
    where: { forge: person.forge, forgeAccountId: { in: [...roles.keys()] }, suspendedAt: null, removedAt: null },
    orderBy: { slug: 'asc' },
  })
  const access = tenants.map((tenant) => ({ tenant, role: roles.get(tenant.forgeAccountId) ?? 'viewer' }))
  return { person, access }
}

/** Every session of theirs is over. */
export const signOutEverywhere = async (db: Database, personId: string): Promise<void> => {
  await db.person.update({ where: { id: personId }, data: { signedOutAt: new Date() } })
}
