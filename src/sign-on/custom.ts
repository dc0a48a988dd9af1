import { type BridgeSettings, bridgeFacts } from '../core/model/sign-on-settings.ts';
import { remoteHeaders, type SignOn } from './sign-on.ts';

/** A service that Postern does not know, as the configuration describes it. */
export function createCustom({ custom }: BridgeSettings): SignOn {
  if (custom === undefined) throw new Error('a custom bridge without its description');
  const { path, requestHeaders, loginHeader } = custom;
  return {
    path,
    // The configuration names both.
    cookies: [],
    answerHeaders: { ...remoteHeaders, email: undefined, name: undefined, groups: undefined },
    renderHeaders: (facts) =>
      Object.fromEntries(
        bridgeFacts.flatMap((fact) =>
          (requestHeaders[fact] ?? []).map((name) => [name, facts[fact] ?? '']),
        ),
      ),
    nameless: 'unusable',
    loginHeader,
    login: undefined,
    returnTo: 'url',
    hints: { nameless: 'check that answer_headers.subject is the header with the user' },
  };
}
