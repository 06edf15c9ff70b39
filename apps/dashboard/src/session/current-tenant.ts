import { createContext, use } from 'react'

export const TenantContext = createContext<string | undefined>(undefined)

/** The slug of the tenant that is signed in. */
export const useTenant = (): string => {
  const tenant = use(TenantContext)
  if (tenant === undefined) throw new Error('nobody is signed in')
  return tenant
}
