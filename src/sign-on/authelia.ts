import { remoteHeaders, type SignOn } from './sign-on.ts';

/**
 * Authelia's AuthRequest endpoint. It protects `https` and `wss` only, and finds its portal by the
 * host in X-Original-URL. Its rules on networks read X-Forwarded-For.
 */
export const authelia: SignOn = {
  path: '/api/authz/auth-request',
  cookies: ['authelia_session'],
  renderHeaders: ({ url, method, client_address: address = '' }) => ({
    'X-Original-URL': url,
    'X-Original-Method': method,
    'X-Forwarded-For': address,
  }),
  answerHeaders: remoteHeaders,
  // The policy "bypass".
  nameless: 'anonymous',
  loginHeader: 'location',
  login: undefined,
  returnTo: 'url',
  hints: {
    400: 'Authelia accepts only https addresses below one of its session.cookies domains',
    404: 'this needs Authelia 4.38 or later, with the endpoint auth-request',
    nameless: undefined,
  },
};
