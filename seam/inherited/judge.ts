import { type Case, samplesOf } from './configuration.ts';
import { type Request, type Response, uploadSize } from './requests.ts';
import { signInBody, signInHead } from './services.ts';

/** What became of a request of a case. */
export interface Outcome {
  readonly one: Case;
  readonly request: Request;
  readonly id: string;
  readonly response: Response;
  /** Times that the auth service was asked. */
  readonly asked: number;
  /** Paths that arrived at the application. */
  readonly served: readonly string[];
}

/** What stands in the protected file. */
export const secret = 'THE PROTECTED FILE';

/** What the client of a denial gets where nothing of the server's can come first. */
const denialStatus: Readonly<Record<string, number>> = {
  '401': 401,
  '403': 403,
  throttled: 429,
};

/** What is wrong with it; undefined where nothing is. */
export function findFault(outcome: Outcome): string | undefined {
  const { one, request, asked } = outcome;
  const lines = samplesOf(one);
  const about = {
    answers: lines.some(({ answers }) => answers),
    refuses: lines.some(({ refuses }) => refuses),
    bends: lines.some(({ bends }) => bends),
  };
  if (request.kind === 'sign-in') return findSignInFault(outcome, about);
  // A page of the server's own may be protected itself, and is asked about for itself.
  const most = request.kind === 'handshake' ? 1 : 2;
  if (asked > most) return `was asked about ${asked} times`;
  return isAdmitted(outcome) ? findAdmissionFault(outcome, about) : findDenialFault(outcome, about);
}

/** True where Postern's word is that it passes. */
export const isAdmitted = ({ one, request }: Outcome) =>
  one.mode === 'up' && request.verdict === 'allow';

interface About {
  readonly answers: boolean;
  readonly refuses: boolean;
  readonly bends: boolean;
}

function findDenialFault({ one, request, response, served }: Outcome, about: About) {
  const { status, body } = response;
  const hasSecret = body.includes(secret) || secret.startsWith(body.slice(0, 4) || ' ');
  if (hasSecret) return `got the protected file, with status ${status}`;
  if (body.includes('application /p/')) return `got the application's page, with status ${status}`;
  // A page of the server's own may come from the application, or be mirrored: nothing of ours is asked for then.
  const pages = request.kind === 'page' || request.kind === 'file';
  const ours = served.filter((path) => !(pages && /^\/(?:\.postern|mirrored)\//.test(path)));
  // Where a line of the server answers first, it may lead to a page that is open, and that page to the application.
  const reached = about.answers ? ours.filter((path) => /^\/(?:p|files)\//.test(path)) : ours;
  if (reached.length > 0) return `reached the application: ${reached.join(' ')}`;
  if (about.answers) return undefined;
  if (
    pages &&
    (one.ownPages || (one.login && status === 302) || (about.refuses && status === 302))
  ) {
    return undefined;
  }
  if (status < 400 && !(status === 0 && (about.refuses || request.kind === 'lie'))) {
    return `was denied with status ${status}`;
  }
  const expected = one.mode === 'up' ? (denialStatus[request.verdict] ?? 503) : 503;
  if (!about.refuses && status !== 0 && status !== expected) {
    return `was denied with status ${status} in the place of ${expected}`;
  }
  return undefined;
}

function findAdmissionFault({ request, response, id, asked, served }: Outcome, about: About) {
  const { status, body } = response;
  if (about.answers) return undefined;
  if (asked === 0 && served.length > 0) return 'passed without a question';
  if (about.refuses || about.bends) return undefined;
  const isUpgrade = request.kind === 'handshake';
  if (status !== (isUpgrade ? 101 : 200) && !(status === 206 && request.kind === 'file')) {
    return `was let in and got status ${status}`;
  }
  if (isUpgrade || request.kind === 'file') return undefined;
  const size = request.kind === 'upload' ? uploadSize : undefined;
  const expected = `application /p/${id}${size === undefined ? '' : ` ${size}`}`;
  return body.includes(expected) ? undefined : `was let in and got "${body.slice(0, 60)}"`;
}

function findSignInFault({ one, response, served, id }: Outcome, about: About) {
  if (served.some((path) => !about.answers || path.startsWith('/.postern/'))) {
    return `reached the application: ${served.join(' ')}`;
  }
  if (about.answers || about.refuses) return undefined;
  const { status, head, body } = response;
  if (one.mode !== 'up') return status < 500 ? `got status ${status} for a sign-in` : undefined;
  if (status !== 200) return `got status ${status} for a sign-in`;
  const missing = Object.entries(signInHead).find(
    ([name, value]) => !head.toLowerCase().includes(`\r\n${name}: ${value}`.toLowerCase()),
  );
  if (missing !== undefined) return `got no "${missing.join(': ')}" from a sign-in`;
  const expected = signInBody('POST', JSON.stringify({ token: id }));
  return body.includes(expected) ? undefined : `got "${body.slice(0, 60)}" from a sign-in`;
}
