import type { ServiceDefaults } from './service-profile.ts';

/** Vouch Proxy. It compares `Host` with the sites of its JWT. */
export const vouch: ServiceDefaults = {
  path: '/validate',
  cookies: ['VouchCookie*'],
  renderHeaders: ({ host }) => ({ Host: host }),
  answerHeaders: {
    subject: 'x-vouch-user',
    // Present when vouch.headers.claims lists them. Vouch quotes the members of a list.
    email: 'x-vouch-idp-claims-email',
    name: 'x-vouch-idp-claims-name',
    groups: 'x-vouch-idp-claims-groups',
    groupsSeparator: ',',
  },
  // With publicAccess everybody passes, so the gate would protect nothing.
  noSubject: 'unusable',
  acceptsBearer: true,
  loginHeader: undefined,
  login: undefined,
  returnTo: 'url',
  hints: {
    noSubject: 'set vouch.publicAccess to false',
  },
};
