/** The few pages of the set-up: HTML without script or style, so that they work before anything is set up. */

export const startPage = (): string =>
  page(
    'Connect GitHub',
    `<p>This makes a GitHub App for this cloud, with the webhook and the permissions that it needs, and takes over its key.</p>
<form method="post" action="/setup/github">
<p><label>The cloud’s operator token<br><input type="password" name="token" required autocomplete="off"></label></p>
<p><label>An organisation that shall own the App; nobody: you yourself<br><input name="organization" autocomplete="off"></label></p>
<p><button>Go on</button></p>
</form>`,
  )

export const manifestPage = (target: string, manifest: object): string =>
  page(
    'Connect GitHub',
    `<p>GitHub shows the App’s name, which you may change, and brings you back here.</p>
<form method="post" action="${escapeHtml(target)}">
<input type="hidden" name="manifest" value="${escapeHtml(JSON.stringify(manifest))}">
<p><button>Create the App on GitHub</button></p>
</form>`,
  )

export const donePage = (appUrl: string): string =>
  page(
    'GitHub is connected',
    `<p>The cloud has the App’s key, and takes its webhooks from now on.</p>
<p><a href="${escapeHtml(`${appUrl}/installations/new`)}" rel="noreferrer">Install the App on an account</a></p>`,
  )

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} · Pushfn</title>
<h1>${escapeHtml(title)}</h1>
${body}
</html>
`

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
