import { createHmac } from 'node:crypto'

/** The key that a tenant's callbacks are signed with, made of the cloud's secret: the tenant may know it, and no other. */
export const callbackKey = (secret: string, tenant: string): string =>
  createHmac('sha256', createHmac('sha256', secret).update('pushfn:callbacks').digest()).update(tenant).digest('hex')
