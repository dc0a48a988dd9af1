import type { ServiceDefaults } from './service-profile.ts';

/** An authentik outpost. It selects the application by `Host`. */
export const authentik: ServiceDefaults = {
  path: '/outpost.goauthentik.io/auth/nginx',
  cookies: ['authentik_proxy_*'],
  renderHeaders: ({ url, host, client_address: address = '' }) => ({
    Host: host,
    'X-Original-URL': url,
    'X-Forwarded-For': address,
  }),
  answerHeaders: {
    subject: 'x-authentik-username',
    email: 'x-authentik-email',
    name: 'x-authentik-name',
    groups: 'x-authentik-groups',
    groupsSeparator: '|',
  },
  // The provider's setting "Unauthenticated Paths".
  noSubject: 'anonymous',
  acceptsBearer: true,
  loginHeader: undefined,
  login: '/outpost.goauthentik.io/start?rd=',
  returnTo: 'url',
  hints: {
    404: 'the outpost has no provider for this host',
    noSubject: undefined,
  },
};
