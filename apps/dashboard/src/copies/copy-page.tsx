import { NewRepositoryView } from '@pushfn/model/api'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { callApi } from '../api/call-api.ts'
import { tenantPath } from '../api/queries.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Empty } from '../parts/notice.tsx'
import { OutsideLink } from '../parts/outside-link.tsx'
import { useAccess, useTenant } from '../session/current-tenant.ts'
import { copyAtGithub, nameFrom } from './template-links.ts'

/** Where a “Deploy to Pushfn” button leads: a copy of the template becomes a repository of one's own, and is deployed. */
export const CopyPage = ({ template }: { template: string }) => {
  const { forge } = useAccess()
  if (!template) {
    return (
      <Empty title="No template">
        <p>A “Deploy to Pushfn” button names one: this link lost it on its way.</p>
      </Empty>
    )
  }
  return (
    <>
      <title>Deploy a copy · Pushfn</title>
      <h1 className="mb-4">Deploy a copy</h1>
      <section className="card max-w-xl space-y-4 p-5">
        <p className="text-sm">
          Of <span className="wrap-anywhere font-mono">{template}</span>
        </p>
        {forge === 'builtin' ? <CopyForm template={template} /> : <CopyElsewhere forge={forge} template={template} />}
      </section>
    </>
  )
}

const CopyForm = ({ template }: { template: string }) => {
  const tenant = useTenant()
  const navigate = useNavigate()
  const [name, setName] = useState(nameFrom(template))
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      callApi(NewRepositoryView, tenantPath(tenant, 'repositories'), {
        method: 'POST',
        body: { name, template },
        limitMs: 90_000,
      }),
    onSuccess: ({ build }) =>
      build ? navigate({ to: '/builds/$id', params: { id: build } }) : navigate({ to: '/functions' }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    mutate()
  }
  const ids = { field: useId(), help: useId(), error: useId() }
  return (
    <form className="space-y-4" onSubmit={submit}>
      <div>
        <label htmlFor={ids.field} className="text-sm font-medium">
          Name of your repository
        </label>
        <input
          id={ids.field}
          required
          autoComplete="off"
          spellCheck={false}
          value={name}
          onChange={(event) => setName(event.target.value)}
          aria-describedby={error ? `${ids.error} ${ids.help}` : ids.help}
          aria-invalid={error !== null}
          className="mt-1 block min-h-10 w-full rounded-lg border border-edge bg-page px-3 font-mono text-sm"
        />
        {error && (
          <p id={ids.error} role="alert" className="mt-2 text-sm font-medium text-bad first-letter:uppercase">
            {error.message}
          </p>
        )}
      </div>
      <button type="submit" className="button button-primary w-full" disabled={isPending}>
        {isPending ? 'Copying …' : 'Copy and deploy'}
      </button>
      <p id={ids.help} className="text-sm text-muted">
        It is yours then, without the template’s history: clone it, change it, push it. What it runs is somebody else’s
        code until you have read it.
      </p>
    </form>
  )
}

/** Whose repositories are at a forge copies there: the cloud may not make any. */
const CopyElsewhere = ({ forge, template }: { forge: string; template: string }) => {
  const link = forge === 'github' ? copyAtGithub(template) : undefined
  return (
    <div className="space-y-4 text-sm">
      <p>
        Your repositories are at {NAMES[forge] ?? forge}: make one of the template there, let Pushfn see it, and its
        first push is built.
      </p>
      {link ? <OutsideLink href={link}>Use this template at GitHub</OutsideLink> : null}
      <CopyButton text={template} what="the template’s address" />
    </div>
  )
}

const NAMES: Record<string, string> = { github: 'GitHub', gitlab: 'GitLab', gitea: 'Gitea' }
