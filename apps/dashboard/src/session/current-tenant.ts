import type { AccessView } from '@pushfn/model/api'
import { createContext, use } from 'react'

export const AccessContext = createContext<AccessView | undefined>(undefined)

/** The tenant that is looked at, and what one may do with it. */
export const useAccess = (): AccessView => {
  const access = use(AccessContext)
  if (access === undefined) throw new Error('nobody is signed in')
  return access
}

/** The slug of the tenant that is looked at. */
export const useTenant = (): string => useAccess().tenant
