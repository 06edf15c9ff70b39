import { z } from 'zod'
import { BuildPage, BuildsQuery, BuildView } from './api.ts'
import { type ApiRoute, json, NOTHING, text } from './api-route.ts'
import { BuildEvent } from './build-event.ts'
import { DeliveriesQuery, DeliveryPage, DeliveryView } from './delivery.ts'
import { BuildId } from './ids.ts'

const BUILD = '/tenants/{tenant}/builds/{id}'
const DELIVERY = '/deliveries/{id}'

/** Builds, and the webhooks that brought them. */
export const buildRoutes = {
  listBuilds: {
    method: 'GET',
    path: '/tenants/{tenant}/builds',
    summary: 'The builds of a tenant, newest first',
    for: 'viewer',
    query: BuildsQuery,
    answers: { 200: json(BuildPage) },
  },
  showBuild: {
    method: 'GET',
    path: BUILD,
    summary: 'One build',
    for: 'viewer',
    id: BuildId,
    answers: { 200: json(BuildView) },
  },
  findBuild: {
    method: 'GET',
    path: '/builds/{id}',
    summary: 'One build by its id alone, for links',
    for: 'signed-in',
    id: BuildId,
    answers: { 200: json(BuildView) },
  },
  followBuild: {
    method: 'GET',
    path: `${BUILD}/events`,
    summary: 'The events of a build, live: each message is one BuildEvent; 204 when the reader has seen everything',
    for: 'viewer',
    id: BuildId,
    headers: z.object({ 'last-event-id': z.string().optional().describe('Goes on behind that event.') }),
    answers: { 200: { type: 'text/event-stream', messages: BuildEvent }, 204: NOTHING },
    errors: ['TOO_MANY'],
  },
  showBuildLog: {
    method: 'GET',
    path: `${BUILD}/log`,
    summary: 'The log of a build so far, without control characters',
    for: 'viewer',
    id: BuildId,
    answers: { 200: text },
  },
  listDeliveries: {
    method: 'GET',
    path: '/tenants/{tenant}/deliveries',
    summary: 'Webhooks that came for a tenant, newest first: what became of each, why, its builds',
    for: 'viewer',
    query: DeliveriesQuery,
    answers: { 200: json(DeliveryPage) },
  },
  showDelivery: {
    method: 'GET',
    path: `/tenants/{tenant}${DELIVERY}`,
    summary: 'One delivery',
    for: 'viewer',
    id: z.uuid(),
    answers: { 200: json(DeliveryView) },
  },
  replayDelivery: {
    method: 'POST',
    path: `/tenants/{tenant}${DELIVERY}/replay`,
    summary: 'Applies a delivery again; 409 when there is nothing to apply',
    for: 'developer',
    id: z.uuid(),
    answers: { 200: json(DeliveryView) },
    errors: ['CONFLICT'],
  },
  listAllDeliveries: {
    method: 'GET',
    path: '/deliveries',
    summary: 'Webhooks of all tenants, and of accounts that are none, newest first',
    for: 'operator',
    query: DeliveriesQuery,
    answers: { 200: json(DeliveryPage) },
  },
  showAnyDelivery: {
    method: 'GET',
    path: DELIVERY,
    summary: 'One delivery, whoever it came for',
    for: 'operator',
    id: z.uuid(),
    answers: { 200: json(DeliveryView) },
  },
  replayAnyDelivery: {
    method: 'POST',
    path: `${DELIVERY}/replay`,
    summary: 'Applies a delivery again, whoever it came for; 409 when there is nothing to apply',
    for: 'operator',
    id: z.uuid(),
    answers: { 200: json(DeliveryView) },
    errors: ['CONFLICT'],
  },
} as const satisfies Record<string, ApiRoute>
