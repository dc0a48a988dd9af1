import type { Answer } from './answer.ts';
import { classifyRedirect, isLoginRedirect } from './classify-redirect.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { describeAnswer } from './describe.ts';
import { type Finding, finding } from './finding.ts';
import type { Attempt, Probe } from './probe.ts';
import { renderRemedy } from './remedy.ts';
import { recogniseSignOn } from './sign-on.ts';
import { findSpeaker } from './speaker.ts';

/** Statuses with which an application shows that it was reached, whatever it thinks of the page. */
const reached = [200, 204, 400, 404, 405, 426];

/** The finding about a handshake without a credential that was refused. */
export function explainRefusal(probe: Probe, answer: Answer): Finding {
  const evidence = probe.sanitize(describeAnswer(answer));
  if (answer.status >= 300 && answer.status < 400) {
    return classifyRedirect(answer, probe.target, evidence);
  }
  const { page } = probe;
  const speaker = findSpeaker(answer);
  const refusal = classifyRefusal(answer);
  const { code } = refusal;
  const seen = page === undefined ? evidence : `page HTTP ${page.status}, handshake ${evidence}`;
  if (code === 'backend-unreachable' && page !== undefined && reached.includes(page.status)) {
    return finding('application-drops-upgrade', seen, { speaker: 'nginx' });
  }
  if (code === 'auth-service-broken' && page !== undefined && speaker !== 'application') {
    const isDenied = page.status === 401 || (page.status >= 300 && page.status < 400);
    if (isDenied) return finding('auth-fails-on-upgrade', seen, { speaker: 'nginx' });
  }
  if (code === 'auth-service-broken' && page !== undefined && reached.includes(page.status)) {
    return finding('application-refused', seen, {
      speaker: 'application',
      meaning: failsOnUpgrade,
    });
  }
  // A login page in the place of an answer: with status 403 (oauth2-proxy), or 200.
  const signOn = recogniseSignOn(answer);
  if (signOn?.fixPlace !== undefined && answer.status < 500 && refusal.missing === undefined) {
    const special = { change: renderRemedy(signOn.fixPlace), ...(speaker && { speaker }) };
    return finding(code, `${evidence}, looks like ${signOn.title}`, special);
  }
  return refusedBy(answer, evidence);
}

/** The finding about a handshake that the gate admits, and that what is behind it refuses. */
export async function explainAdmitted(
  probe: Probe,
  { outcome, bad, request, about }: Attempt,
): Promise<Finding> {
  if (outcome.kind === 'failed') {
    return finding(outcome.code, probe.sanitize(`with ${about}: ${outcome.detail}`));
  }
  const { answer } = outcome;
  if (bad !== undefined) {
    const evidence = probe.sanitize(`with ${about} HTTP 101, but ${bad}`);
    return finding('upgrade-bad-accept', evidence, { speaker: 'application' });
  }
  const evidence = probe.sanitize(`with ${about} ${describeAnswer(answer)}`);
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return isLoginRedirect(answer, probe.target)
      ? finding('application-wants-login', evidence, { speaker: 'application' })
      : { ...classifyRedirect(answer, probe.target, evidence), speaker: 'application' };
  }
  const { code } = classifyRefusal(answer);
  const speaker = findSpeaker(answer);
  if (code === 'backend-unreachable') {
    const page = await probe.send(pageOf(request));
    const isReached = page.kind === 'answer' && reached.includes(page.answer.status);
    return isReached
      ? finding('application-drops-upgrade', `page HTTP ${page.answer.status}, ${evidence}`, {
          speaker: 'nginx',
        })
      : finding(code, evidence, { speaker: 'nginx' });
  }
  if (code === 'auth-service-broken' && speaker === 'nginx') {
    return finding(code, evidence, { speaker, meaning: failsOnCredential });
  }
  if (code === 'upgrade-forbidden' && speaker === 'nginx') {
    return finding('application-refused', evidence, { speaker, ...forbiddenByNginx });
  }
  if (isGeneral(code)) return finding('application-refused', evidence, { speaker: 'application' });
  return refusedBy(answer, evidence);
}

/** What the answer itself says, by its words or its status. */
function refusedBy(answer: Answer, evidence: string): Finding {
  const { code, missing } = classifyRefusal(answer);
  const speaker = findSpeaker(answer);
  const special = {
    ...(speaker !== undefined && { speaker }),
    ...(missing === 'HTTP/1.1' && oldHttp),
  };
  return finding(
    code,
    missing === undefined ? evidence : `${missing} is missing: ${evidence}`,
    special,
  );
}

/** Codes that only repeat a status, which tells nothing more once the gate has said yes. */
function isGeneral(code: string): boolean {
  return [
    ...['upgrade-bad-request', 'upgrade-forbidden', 'upgrade-unexpected-status', 'upgrade-denied'],
    'auth-service-broken',
  ].includes(code);
}

/** A page load with the credential of a handshake. */
function pageOf({ path, headers = {} }: Attempt['request']) {
  const { 'Sec-WebSocket-Protocol': _, Origin: __, ...rest } = headers;
  return { ...(path !== undefined && { path }), headers: { ...rest, Accept: 'text/html' } };
}

const failsOnUpgrade =
  'A page at the same path is answered, so the auth service works, or there is none. The application itself fails when a handshake arrives.';
const failsOnCredential =
  'Without a credential the answer is 401, with this one nginx makes 500 of what the auth service says. The error log has the reason: "auth request unexpected status", or "upstream sent too big header" where the identity headers of this user do not fit into proxy_buffer_size.';
const forbiddenByNginx = {
  meaning:
    'nginx says 403 once the credential is there: a rule of nginx itself ("deny", an "if" about Origin), or an auth service that knows the user and does not admit them. Postern says 401 to every handshake that it denies.',
  change:
    'Look for "access forbidden by rule" in nginx’s error log, for "if … return 403" in the location, and for the user’s rights in the auth service.',
} as const;
const oldHttp = {
  meaning: 'The proxy asks the application in HTTP/1.0, which has no upgrade.',
  change:
    'In the location: "proxy_http_version 1.1;" (nginx before 1.29.7 asks in 1.0 unless told otherwise), with both upgrade headers.',
} as const;
