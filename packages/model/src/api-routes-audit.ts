import { type ApiRoute, json } from './api-route.ts'
import { AuditPage, AuditQuery, AuditView } from './audit.ts'

const NDJSON = { type: 'application/x-ndjson', messages: AuditView }

/** Who changed what. */
export const auditRoutes = {
  listAudit: {
    method: 'GET',
    path: '/tenants/{tenant}/audit',
    summary: 'Who changed what of the tenant by this API, when, from where; newest first',
    for: 'owner',
    query: AuditQuery,
    answers: { 200: json(AuditPage) },
  },
  exportAudit: {
    method: 'GET',
    path: '/tenants/{tenant}/audit.ndjson',
    summary: 'All of it, an entry a line',
    for: 'owner',
    answers: { 200: NDJSON },
  },
  listAuditOfAll: {
    method: 'GET',
    path: '/audit',
    summary: 'Who changed what of any tenant, and of the cloud',
    for: 'operator',
    query: AuditQuery,
    answers: { 200: json(AuditPage) },
  },
  exportAuditOfAll: {
    method: 'GET',
    path: '/audit.ndjson',
    summary: 'All of it, an entry a line',
    for: 'operator',
    answers: { 200: NDJSON },
  },
} as const satisfies Record<string, ApiRoute>
