import type { SignOn } from './sign-on.ts';

/** Vouch Proxy. It compares `Host` with the sites that its JWT was made for. */
export const vouch: SignOn = {
  path: '/validate',
  cookies: ['VouchCookie*'],
  renderHeaders: ({ host }) => ({ Host: host }),
  answerHeaders: {
    subject: 'x-vouch-user',
    // These come where vouch.headers.claims lists them; it puts the members of a list into quotes.
    email: 'x-vouch-idp-claims-email',
    name: 'x-vouch-idp-claims-name',
    groups: 'x-vouch-idp-claims-groups',
    groupsSeparator: ',',
  },
  // publicAccess lets everybody through: a gate that asks it would be none.
  nameless: 'unusable',
  loginHeader: undefined,
  login: undefined,
  returnTo: 'url',
  hints: {
    nameless: 'set vouch.publicAccess to false',
  },
};
