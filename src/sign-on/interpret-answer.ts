import type { BridgeIdentity } from '../core/decision/sign-on.ts';
import { type Deny, deny } from '../core/model/verdict.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { anonymous, readIdentity } from './identity.ts';
import { findForbiddenPage, findLoginUrl } from './login.ts';
import type { ServiceAnswer } from './service-client.ts';
import type { ServiceProfile } from './service-profile.ts';
import { readSetCookies } from './set-cookies.ts';

/** A response that cannot be used, with the reason for the log. */
export interface UnusableAnswer {
  readonly why: string;
}

/**
 * Turns the service's response to a forwarded request into an identity or a denial. Cookies of these
 * names are the gate's own: the service cannot set them.
 */
export function interpretAnswer(
  { status, headers }: ServiceAnswer,
  profile: ServiceProfile,
  request: ForwardedRequest,
  gateCookies: readonly string[],
): BridgeIdentity | Deny | UnusableAnswer {
  if (status >= 200 && status < 300) {
    const identity = readIdentity(headers, profile.answerHeaders);
    if (identity === 'unreadable') {
      return { why: `it names somebody in ${profile.answerHeaders.subject} who cannot be read` };
    }
    const setCookies = readSetCookies(headers, profile.cookies, gateCookies);
    const renewed = setCookies.length > 0 && { setCookies };
    if (identity !== 'no_subject') return { ...identity, ...renewed };
    if (profile.noSubject === 'anonymous') return { ...anonymous, ...renewed };
    return unusable('it allows the request without naming a user', profile.hints.noSubject);
  }
  const redirected = status >= 300 && status < 400;
  if (redirected || status === 401) {
    const login = findLoginUrl(headers, profile, request, redirected);
    return { ...deny('sign_on_denied'), ...(login !== undefined && { login }) };
  }
  if (status === 403) {
    const page = findForbiddenPage(headers, profile);
    return { ...deny('sign_on_forbidden'), ...(page !== undefined && { login: page }) };
  }
  return unusable(`it answered ${status}`, profile.hints[status]);
}

function unusable(what: string, hint: string | undefined): UnusableAnswer {
  return { why: hint === undefined ? what : `${what}: ${hint}` };
}
