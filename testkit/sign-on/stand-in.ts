import type { IncomingHttpHeaders } from 'node:http';
import type { Scope } from '../scope.ts';
import { type SignOnServer, startAnswering } from './answering-server.ts';
import {
  autheliaRules,
  authentikRules,
  oauth2ProxyRules,
  type Rules,
  tinyauthRules,
  vouchRules,
} from './service-rules.ts';

/** What stands in for a service, as strict as its documentation. */
const kinds = {
  tinyauth: tinyauthRules('original'),
  'tinyauth before 5.2': tinyauthRules('forwarded'),
  authelia: autheliaRules,
  authentik: authentikRules,
  'oauth2-proxy': oauth2ProxyRules(true),
  'oauth2-proxy without --set-xauthrequest': oauth2ProxyRules(false),
  vouch: vouchRules(false),
  'vouch with publicAccess': vouchRules(true),
} as const satisfies Record<string, Rules>;

/** Which service, in which version or configuration. */
export type SignOnKind = keyof typeof kinds;

/** Starts a stand-in for a service, and stops it after the test. */
export function startSignOn(t: Scope, kind: SignOnKind): Promise<SignOnServer> {
  const rules = kinds[kind];
  return startAnswering(t, (question, response) => {
    const { status, headers = {}, body = '' } = rules(question, readCookies(question.headers));
    response.writeHead(status, headers).end(body);
  });
}

function readCookies({ cookie = '' }: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    cookie.split('; ').map((pair) => {
      const equals = pair.indexOf('=');
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
