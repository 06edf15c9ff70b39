import {
  BuildHookList,
  DeployView,
  NewBuildHook,
  NewBuildHookView,
  NewDeploy,
  NewRepository,
  NewRepositoryView,
  RepositoryList,
} from './api.ts'
import { ChoiceList, NewStackRollback } from './api-revisions.ts'
import { type ApiRoute, json, NOTHING } from './api-route.ts'
import { BuildHookId } from './ids.ts'
import { RepositorySettings } from './repository-settings.ts'

const REPOSITORIES = '/tenants/{tenant}/repositories'
const REPOSITORY = `${REPOSITORIES}/{repository}` as const

/** Repositories, their settings, and deploying by hand. */
export const repositoryRoutes = {
  listRepositories: {
    method: 'GET',
    path: REPOSITORIES,
    summary: 'The repositories of a tenant: name, forge, whether it is private, default branch, settings',
    for: 'viewer',
    answers: { 200: json(RepositoryList) },
  },
  makeRepository: {
    method: 'POST',
    path: REPOSITORIES,
    summary: 'Makes a repository, a copy of a template, and deploys it',
    for: 'developer',
    body: NewRepository,
    answers: { 201: json(NewRepositoryView) },
    errors: ['CONFLICT', 'TOO_MANY'],
  },
  showSettings: {
    method: 'GET',
    path: `${REPOSITORY}/settings`,
    summary: 'The settings of a repository',
    for: 'viewer',
    answers: { 200: json(RepositorySettings) },
  },
  setSettings: {
    method: 'PUT',
    path: `${REPOSITORY}/settings`,
    summary: 'Sets the settings of a repository; what is not said is as if it had never been',
    for: 'developer',
    body: RepositorySettings,
    answers: { 200: json(RepositorySettings) },
    errors: ['CONFLICT'],
  },
  deploy: {
    method: 'POST',
    path: `${REPOSITORY}/deploys`,
    summary: 'Deploys a branch, a tag or a commit',
    for: 'developer',
    body: NewDeploy,
    answers: { 202: json(DeployView) },
  },
  makeBuildHook: {
    method: 'POST',
    path: `${REPOSITORY}/hooks`,
    summary: 'Makes a URL that deploys a branch; it is shown this once',
    for: 'developer',
    body: NewBuildHook,
    answers: { 201: json(NewBuildHookView) },
    errors: ['CONFLICT'],
  },
  listBuildHooks: {
    method: 'GET',
    path: `${REPOSITORY}/hooks`,
    summary: 'The build hooks of a repository, without their URLs',
    for: 'developer',
    answers: { 200: json(BuildHookList) },
  },
  removeBuildHook: {
    method: 'DELETE',
    path: `${REPOSITORY}/hooks/{id}`,
    summary: 'Removes a build hook',
    for: 'developer',
    id: BuildHookId,
    answers: { 204: NOTHING },
  },
  rollBackRepository: {
    method: 'POST',
    path: `${REPOSITORY}/rollback`,
    summary: 'Rolls all functions of a repository back; answers where each goes, once it is there',
    for: 'developer',
    body: NewStackRollback,
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
  unpinRepository: {
    method: 'DELETE',
    path: `${REPOSITORY}/pin`,
    summary: 'Lets pushes move the functions of a repository again; answers those that move by it',
    for: 'developer',
    answers: { 200: json(ChoiceList) },
    errors: ['CONFLICT', 'NOT_READY'],
  },
} as const satisfies Record<string, ApiRoute>
