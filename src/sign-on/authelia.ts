import { remoteHeaders, type ServiceDefaults } from './service-profile.ts';

/**
 * Authelia's AuthRequest endpoint. It accepts `https` and `wss` URLs only, and selects its portal
 * by the host in X-Original-URL. Its network rules read X-Forwarded-For.
 */
export const authelia: ServiceDefaults = {
  path: '/api/authz/auth-request',
  cookies: ['authelia_session'],
  renderHeaders: ({ url, method, client_address: address = '' }) => ({
    'X-Original-URL': url,
    'X-Original-Method': method,
    'X-Forwarded-For': address,
  }),
  answerHeaders: remoteHeaders,
  // Authelia's policy "bypass".
  noSubject: 'anonymous',
  acceptsBearer: true,
  loginHeader: 'location',
  login: undefined,
  returnTo: 'url',
  hints: {
    400: 'Authelia accepts only https addresses below one of its session.cookies domains',
    404: 'this needs Authelia 4.38 or later, with the endpoint auth-request',
    noSubject: undefined,
  },
};
