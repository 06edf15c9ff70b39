import {
  DomainList,
  DomainView,
  LoginLinkView,
  NewDomain,
  NewSession,
  NewToken,
  NewTokenView,
  SessionView,
  TenantLimitsView,
  TokenList,
} from './api.ts'
import { type ApiRoute, json, NOTHING } from './api-route.ts'
import { CallbackKey } from './async-call.ts'
import { TokenId } from './ids.ts'
import { NewSecretValue, SecretList, SecretView } from './secret.ts'

const TENANT = '/tenants/{tenant}'

/** Who asks, and what a tenant has beside its code. */
export const tenantRoutes = {
  showSession: {
    method: 'GET',
    path: '/session',
    summary: 'Who is asking',
    for: 'signed-in',
    answers: { 200: json(SessionView) },
  },
  signIn: {
    method: 'POST',
    path: '/session',
    summary: 'Who is asking, and the cookie; always a new session',
    for: 'page',
    body: NewSession,
    answers: { 201: json(SessionView) },
    errors: ['UNAUTHENTICATED'],
  },
  signOut: {
    method: 'DELETE',
    path: '/session',
    summary: 'The session is over, not just the cookie gone',
    for: 'page',
    answers: { 204: NOTHING },
  },
  signOutEverywhere: {
    method: 'DELETE',
    path: '/sessions',
    summary: 'Every session of the person who asks is over',
    for: 'signed-in',
    answers: { 204: NOTHING },
    errors: ['CONFLICT'],
  },
  makeLoginLink: {
    method: 'POST',
    path: `${TENANT}/login-links`,
    summary:
      'A link that signs in whoever opens it first, within ten minutes, as owner; of a tenant of the builtin forge',
    for: 'owner',
    answers: { 201: json(LoginLinkView) },
    errors: ['CONFLICT'],
  },
  makeToken: {
    method: 'POST',
    path: `${TENANT}/tokens`,
    summary: 'Makes an API token; it is shown this once',
    for: 'owner',
    body: NewToken,
    answers: { 201: json(NewTokenView) },
  },
  listTokens: {
    method: 'GET',
    path: `${TENANT}/tokens`,
    summary: 'The API tokens: id, name, and when each was made, last used, expires; never a token',
    for: 'owner',
    answers: { 200: json(TokenList) },
  },
  revokeToken: {
    method: 'DELETE',
    path: `${TENANT}/tokens/{id}`,
    summary: 'The token is worth nothing any more, at the gateways at once too',
    for: 'owner',
    id: TokenId,
    answers: { 204: NOTHING },
  },
  claimDomain: {
    method: 'POST',
    path: `${TENANT}/domains`,
    summary: 'The domain with the TXT record that proves it; again: where it leads',
    for: 'owner',
    body: NewDomain,
    answers: { 201: json(DomainView) },
    errors: ['CONFLICT'],
  },
  listDomains: {
    method: 'GET',
    path: `${TENANT}/domains`,
    summary: 'The domains: domain, function, record, since when it is verified, when it was looked at',
    for: 'viewer',
    answers: { 200: json(DomainList) },
  },
  verifyDomain: {
    method: 'POST',
    path: `${TENANT}/domains/{domain}/verify`,
    summary: 'The domain, verified; 409 says what is missing',
    for: 'owner',
    answers: { 200: json(DomainView) },
    errors: ['CONFLICT'],
  },
  removeDomain: {
    method: 'DELETE',
    path: `${TENANT}/domains/{domain}`,
    summary: 'The domain is served no more',
    for: 'owner',
    answers: { 204: NOTHING },
  },
  setSecret: {
    method: 'PUT',
    path: `${TENANT}/secrets/{secret}`,
    summary: 'Sets a secret, and rolls the functions that name it; nobody is told its value again',
    for: 'developer',
    body: NewSecretValue,
    answers: { 200: json(SecretView) },
    errors: ['CONFLICT'],
  },
  listSecrets: {
    method: 'GET',
    path: `${TENANT}/secrets`,
    summary: 'The secrets: name, version, when each was set, the functions that name it; never a value',
    for: 'viewer',
    answers: { 200: json(SecretList) },
  },
  removeSecret: {
    method: 'DELETE',
    path: `${TENANT}/secrets/{secret}`,
    summary: 'The secret is gone; 409 names the functions that run with it',
    for: 'developer',
    answers: { 204: NOTHING },
    errors: ['CONFLICT'],
  },
  showLimits: {
    method: 'GET',
    path: `${TENANT}/limits`,
    summary: 'What all functions of a tenant may be asked together; null: the cloud’s own',
    for: 'viewer',
    answers: { 200: json(TenantLimitsView) },
  },
  showCallbackKey: {
    method: 'GET',
    path: `${TENANT}/callback-key`,
    summary: 'The key by which callbacks are signed',
    for: 'developer',
    answers: { 200: json(CallbackKey) },
  },
} as const satisfies Record<string, ApiRoute>
