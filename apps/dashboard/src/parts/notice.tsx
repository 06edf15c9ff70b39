import type { ReactNode } from 'react'

/** What stands in a page's place while it loads, when it cannot, or when there is nothing. */
export const Loading = ({ what }: { what: string }) => (
  <p role="status" className="card animate-pulse px-4 py-10 text-center text-muted motion-reduce:animate-none">
    Loading {what} …
  </p>
)

export const Failed = ({ err, onRetry }: { err: Error; onRetry?: () => void }) => (
  <div role="alert" className="card border-bad bg-bad-soft px-4 py-4 text-bad">
    <p className="font-medium first-letter:uppercase">{err.message}</p>
    {onRetry && (
      <button type="button" className="button mt-3 text-text" onClick={onRetry}>
        Try again
      </button>
    )}
  </div>
)

export const Empty = ({ title, children }: { title: string; children: ReactNode }) => (
  <section className="card px-4 py-8 sm:px-8">
    <h2>{title}</h2>
    <div className="mt-2 max-w-3xl text-muted">{children}</div>
  </section>
)
