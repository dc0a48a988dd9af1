import type { ServiceDefaults } from './service-profile.ts';

/** oauth2-proxy, started with `--reverse-proxy` and `--set-xauthrequest`. It answers 202. */
export const oauth2Proxy: ServiceDefaults = {
  path: '/oauth2/auth',
  cookies: ['_oauth2_proxy*'],
  renderHeaders: ({ scheme, host, uri, client_address: address = '' }) => ({
    Host: host,
    'X-Forwarded-Proto': scheme,
    'X-Forwarded-Host': host,
    'X-Forwarded-Uri': uri,
    'X-Real-IP': address,
  }),
  answerHeaders: {
    subject: 'x-auth-request-user',
    email: 'x-auth-request-email',
    name: 'x-auth-request-preferred-username',
    groups: 'x-auth-request-groups',
    groupsSeparator: ',',
  },
  // Without --set-xauthrequest nobody has a subject: all users must not become one.
  noSubject: 'unusable',
  acceptsBearer: true,
  loginHeader: undefined,
  login: '/oauth2/sign_in?rd=',
  // A full URL would have to match its --whitelist-domain.
  returnTo: 'uri',
  hints: {
    noSubject: 'start oauth2-proxy with --set-xauthrequest; skip_auth_routes do not work here',
  },
};
