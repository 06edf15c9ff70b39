import { CopyButton } from '../parts/copy-button.tsx'
import { Empty } from '../parts/notice.tsx'

/** What to type for a first function, to the letter. */
export const FirstPush = ({ tenant }: { tenant: string }) => {
  const commands = [
    `git remote add pushfn ${window.location.origin}/git/${tenant}/functions.git`,
    'git push pushfn HEAD:main',
  ].join('\n')
  return (
    <Empty title="No functions yet">
      <p>Push a repository with a stack.yml, and every function it names gets a URL:</p>
      <pre className="my-4 whitespace-pre-wrap wrap-anywhere rounded-lg border border-line bg-sunken p-3 font-mono text-[0.8125rem] text-text">
        {commands}
      </pre>
      <CopyButton text={commands} what="the commands" />
      <p className="mt-4">
        Git asks for a user name and a password: the user name is any, the password is your API token. You see the build
        in the push’s own output, and here.
      </p>
    </Empty>
  )
}
