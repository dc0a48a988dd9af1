import type { Identity } from '../core/model/identity.ts';
import { type Deny, deny } from '../core/model/verdict.ts';
import type { SignOnAnswer } from './client.ts';
import type { Facts } from './facts.ts';
import { anonymous, readIdentity } from './identity.ts';
import { findLogin } from './login.ts';
import type { SignOn } from './sign-on.ts';

/** An answer that means nothing, and what is wrong with it in words for the log. */
export interface Unusable {
  readonly why: string;
}

/** What an answer of the service means for the request that these facts describe. */
export function readAnswer(
  { status, headers }: SignOnAnswer,
  signOn: SignOn,
  facts: Facts,
): Identity | Deny | Unusable {
  if (status >= 200 && status < 300) {
    const identity = readIdentity(headers, signOn.answerHeaders);
    if (identity === 'unreadable') {
      return { why: `its header ${signOn.answerHeaders.subject} cannot be read` };
    }
    if (identity !== 'nameless') return identity;
    if (signOn.nameless === 'anonymous') return anonymous;
    return unusable('it allows the request without naming a user', signOn.hints.nameless);
  }
  const redirected = status >= 300 && status < 400;
  if (redirected || status === 401) {
    const login = findLogin(headers, signOn, facts, redirected);
    return { ...deny('sign_on_denied'), ...(login !== undefined && { login }) };
  }
  if (status === 403) return deny('sign_on_forbidden');
  return unusable(`it answered ${status}`, signOn.hints[status]);
}

function unusable(what: string, hint: string | undefined): Unusable {
  return { why: hint === undefined ? what : `${what}: ${hint}` };
}
