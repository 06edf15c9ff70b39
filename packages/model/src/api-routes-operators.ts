import { z } from 'zod'
import {
  AllowedTenantView,
  NewAllowedTenant,
  NewTenant,
  NewTenantView,
  RepositoryHookView,
  TenantLimits,
  TenantLimitsView,
} from './api.ts'
import { NewRebuild, RebuildList, RebuildView } from './api-rebuilds.ts'
import { type ApiRoute, json } from './api-route.ts'
import { ForgeRepositoryId } from './ids.ts'

/** What operators of the cloud alone may do. */
export const operatorRoutes = {
  makeTenant: {
    method: 'POST',
    path: '/tenants',
    summary: 'Makes a tenant, unless it is there',
    for: 'operator',
    body: NewTenant,
    answers: { 201: json(NewTenantView) },
  },
  allowTenant: {
    method: 'POST',
    path: '/allowed-tenants',
    summary: 'Lets a login of a forge become a tenant',
    for: 'operator',
    body: NewAllowedTenant,
    answers: { 201: json(AllowedTenantView) },
  },
  setLimits: {
    method: 'PUT',
    path: '/tenants/{tenant}/limits',
    summary: 'What all functions of a tenant may be asked together; each is a number, or null for no limit',
    for: 'operator',
    body: TenantLimits,
    answers: { 200: json(TenantLimitsView) },
  },
  removeLimits: {
    method: 'DELETE',
    path: '/tenants/{tenant}/limits',
    summary: 'The tenant has the cloud’s own limits again',
    for: 'operator',
    answers: { 200: json(TenantLimitsView) },
  },
  rebuild: {
    method: 'POST',
    path: '/rebuilds',
    summary: 'What is live is built again on today’s bases; the one that goes on, when it is wished twice',
    for: 'operator',
    body: NewRebuild,
    isBodyOptional: true,
    answers: { 202: json(RebuildView) },
  },
  listRebuilds: {
    method: 'GET',
    path: '/rebuilds',
    summary: 'How far the newest rebuilds are: counts of functions, and which failed, why',
    for: 'operator',
    answers: { 200: json(RebuildList) },
  },
  showRebuild: {
    method: 'GET',
    path: '/rebuilds/{id}',
    summary: 'How far one rebuild is',
    for: 'operator',
    id: z.uuid(),
    answers: { 200: json(RebuildView) },
  },
  showRepositoryHook: {
    method: 'GET',
    path: '/forges/{forge}/repositories/{id}/webhook',
    summary: 'URL and secret of a webhook that speaks for one repository of GitLab or Gitea',
    for: 'operator',
    id: ForgeRepositoryId,
    answers: { 200: json(RepositoryHookView) },
  },
} as const satisfies Record<string, ApiRoute>
