import { type BridgeSettings, bridgeFacts } from '../core/model/sign-on-settings.ts';
import { remoteHeaders, type ServiceDefaults } from './service-profile.ts';

/** The profile of a `custom` service, as configured. */
export function createCustom({ custom }: BridgeSettings): ServiceDefaults {
  if (custom === undefined) throw new Error('a custom bridge without its description');
  const { path, requestHeaders, loginHeader } = custom;
  return {
    path,
    // The configuration sets both.
    cookies: [],
    answerHeaders: { ...remoteHeaders, email: undefined, name: undefined, groups: undefined },
    renderHeaders: (facts) =>
      Object.fromEntries(
        bridgeFacts.flatMap((fact) =>
          (requestHeaders[fact] ?? []).map((name) => [name, facts[fact] ?? '']),
        ),
      ),
    noSubject: 'unusable',
    acceptsBearer: true,
    loginHeader,
    login: undefined,
    returnTo: 'url',
    hints: { noSubject: 'check that answer_headers.subject is the header with the user' },
  };
}
