import { randomBytes } from 'node:crypto';

/** Content of the login page. */
interface LoginPage {
  /** Validated return address. */
  readonly returnTo: string;
  /** Why the last attempt failed, for people. */
  readonly problem?: string;
}

/** Security headers of the page: no foreign scripts, no framing, no referrer to other origins. */
export function securityHeaders(nonce: string): Record<string, string> {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      `style-src 'nonce-${nonce}'`,
      `script-src 'nonce-${nonce}'`,
      "connect-src 'self'",
      // Browsers also apply this to the redirect after the form, which may lead to another origin.
      "form-action 'self' https: http:",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  };
}

/**
 * Renders the login page. The token is pasted, or taken from the fragment of the address (`#token=…`), which
 * browsers never send. Only the fragment needs scripts.
 */
export function loginPage({ returnTo, problem }: LoginPage): { html: string; nonce: string } {
  const nonce = randomBytes(16).toString('base64');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main>
<h1>Sign in</h1>
<form method="post" action="/.postern/login">
<input type="hidden" name="rd" value="${escapeHtml(returnTo)}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus
  spellcheck="false" autocapitalize="off" aria-describedby="message">
<p id="message" role="alert">${escapeHtml(problem ?? '')}</p>
<button>Sign in</button>
</form>
</main>
<script nonce="${nonce}">${script}</script>
</body>
</html>
`;
  return { html, nonce };
}

const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(24rem, calc(100vw - 3rem)); }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input, button { font: inherit; box-sizing: border-box; width: 100%; padding: .6rem .75rem; border: 1px solid GrayText; border-radius: .4rem; }
input { background: Field; color: FieldText; }
button { border: 0; background: light-dark(#1b4f9c, #8ab4f8); color: light-dark(#fff, #10131a); font-weight: 600; cursor: pointer; }
input:focus-visible, button:focus-visible { outline: 3px solid Highlight; outline-color: light-dark(#1b4f9c, #8ab4f8); outline-offset: 2px; }
#message { min-height: 1.5em; margin: .5rem 0; color: light-dark(#a11212, #ff9a9a); }
`;

// The token is removed from the address bar and the tab's history first. A link to a page that is already
// open only changes the fragment, hence `hashchange`.
const script = `
const form = document.querySelector('form');
const message = document.getElementById('message');
async function signIn(token) {
  message.textContent = '';
  const answer = await fetch('/.postern/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  }).catch(() => undefined);
  if (answer?.ok) return location.replace(form.elements.rd.value);
  const problem = await answer?.json().catch(() => undefined);
  message.textContent = problem?.meaning ?? 'That did not work. Try again.';
}
function takeFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  signIn(token);
}
takeFragment();
addEventListener('hashchange', takeFragment);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(form.elements.token.value.trim());
});
`;

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
