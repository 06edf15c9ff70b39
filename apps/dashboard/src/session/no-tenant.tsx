import { SignOut } from './sign-out.tsx'

/** Signed in, and none of one's accounts is a tenant here. */
export const NoTenant = ({ who }: { who: string }) => (
  <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-4 px-4 py-12">
    <title>No tenant · Pushfn</title>
    <h1>Nothing here for {who} yet</h1>
    <p className="text-sm text-muted">
      None of your accounts is a tenant of this cloud: install its App for one of them, or ask the cloud’s operators,
      and sign in again.
    </p>
    <div>
      <SignOut />
    </div>
  </main>
)
