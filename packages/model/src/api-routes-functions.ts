import { FunctionList } from './api.ts'
import { CanaryChange, CanaryView, NewCanary } from './api-canaries.ts'
import { ChoiceList, NewPromotion, NewRollback, RevisionList } from './api-revisions.ts'
import { type ApiRoute, json, NOTHING } from './api-route.ts'
import { CallId, DeadLetterList, ReplayedCall } from './async-call.ts'
import { BillOfMaterials, DsseEnvelope } from './provenance.ts'

const FUNCTIONS = '/tenants/{tenant}/functions'
const FUNCTION = `${FUNCTIONS}/{function}` as const

/** Functions, what was deployed of them, and what their calls came to. */
export const functionRoutes = {
  listFunctions: {
    method: 'GET',
    path: FUNCTIONS,
    summary: 'The functions of a tenant: name, URL, state, replicas, commit, image, build, since when it is live',
    for: 'viewer',
    answers: { 200: json(FunctionList) },
  },
  listRevisions: {
    method: 'GET',
    path: `${FUNCTION}/revisions`,
    summary: 'The revisions of a function, newest first, 50 at most',
    for: 'viewer',
    answers: { 200: json(RevisionList) },
  },
  showProvenance: {
    method: 'GET',
    path: `${FUNCTION}/revisions/{revision}/provenance`,
    summary: 'How the image of a revision was built, signed: a DSSE envelope',
    for: 'viewer',
    answers: { 200: { type: 'application/vnd.dsse.envelope.v1+json', schema: DsseEnvelope } },
  },
  showSbom: {
    method: 'GET',
    path: `${FUNCTION}/revisions/{revision}/sbom`,
    summary: 'What the image of a revision holds, as CycloneDX; 404 until it was read',
    for: 'viewer',
    answers: { 200: { type: 'application/vnd.cyclonedx+json; version=1.6', schema: BillOfMaterials } },
  },
  rollBackFunction: {
    method: 'POST',
    path: `${FUNCTION}/rollback`,
    summary: 'Rolls a function back; answers where it goes, once it is there',
    for: 'developer',
    body: NewRollback,
    isBodyOptional: true,
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
  promote: {
    method: 'POST',
    path: `${FUNCTION}/promote`,
    summary: 'Makes a revision live, or what stands under another alias; answers once it is there',
    for: 'developer',
    body: NewPromotion,
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
  unpinFunction: {
    method: 'DELETE',
    path: `${FUNCTION}/pin`,
    summary: 'Lets pushes move a function again; answers the function, when it moves by it',
    for: 'developer',
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
  startCanary: {
    method: 'POST',
    path: `${FUNCTION}/canary`,
    summary: 'Tries a revision on a part of the calls',
    for: 'developer',
    body: NewCanary,
    answers: { 202: json(CanaryView) },
    errors: ['CONFLICT'],
  },
  showCanary: {
    method: 'GET',
    path: `${FUNCTION}/canary`,
    summary: 'The canary that goes on, or the last: state, reason, weight, steps, rules, both sides’ calls and verdict',
    for: 'viewer',
    answers: { 200: json(CanaryView) },
  },
  changeCanary: {
    method: 'PATCH',
    path: `${FUNCTION}/canary`,
    summary: 'Gives the canary another part of the calls',
    for: 'developer',
    body: CanaryChange,
    answers: { 200: json(CanaryView) },
    errors: ['CONFLICT'],
  },
  takeBackCanary: {
    method: 'DELETE',
    path: `${FUNCTION}/canary`,
    summary: 'Takes the canary back',
    for: 'developer',
    answers: { 200: json(CanaryView) },
    errors: ['CONFLICT'],
  },
  promoteCanary: {
    method: 'POST',
    path: `${FUNCTION}/canary/promote`,
    summary: 'Makes the canary live; answers where the function goes, once it is there',
    for: 'developer',
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
  listDeadLetters: {
    method: 'GET',
    path: `${FUNCTION}/dead-letters`,
    summary: 'Async calls that were given up',
    for: 'viewer',
    answers: { 200: json(DeadLetterList) },
  },
  replayDeadLetter: {
    method: 'POST',
    path: `${FUNCTION}/dead-letters/{id}/replay`,
    summary: 'Runs a dead call again',
    for: 'developer',
    id: CallId,
    answers: { 202: json(ReplayedCall) },
  },
  removeDeadLetter: {
    method: 'DELETE',
    path: `${FUNCTION}/dead-letters/{id}`,
    summary: 'Removes a dead call',
    for: 'developer',
    id: CallId,
    answers: { 204: NOTHING },
  },
} as const satisfies Record<string, ApiRoute>
