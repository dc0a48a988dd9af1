import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import { remoteHeaders, type ServiceDefaults } from './service-profile.ts';

/**
 * TinyAuth. Before 5.1 it reads X-Forwarded-* only; 5.1 and 5.2 accept either kind of headers, and 5.2
 * answers 400 to a request with both. Its address rules read X-Forwarded-For.
 */
export function createTinyauth(generation: BridgeSettings['headers']): ServiceDefaults {
  const other = generation === 'original' ? 'forwarded' : 'original';
  return {
    path: '/api/auth/nginx',
    cookies: ['tinyauth-session-*'],
    renderHeaders({ url, scheme, host, uri, client_address: address = '' }) {
      return generation === 'original'
        ? { 'X-Original-URL': url, 'X-Forwarded-For': address }
        : {
            'X-Forwarded-Proto': scheme,
            'X-Forwarded-Host': host,
            'X-Forwarded-Uri': uri,
            'X-Forwarded-For': address,
          };
    },
    answerHeaders: remoteHeaders,
    // Paths and addresses that its labels exempt from login.
    noSubject: 'anonymous',
    acceptsBearer: false,
    loginHeader: 'x-tinyauth-location',
    login: undefined,
    returnTo: 'url',
    hints: {
      400: `TinyAuth before 5.1 needs headers: forwarded, one after 5.2 headers: original, 5.1 and 5.2 take either; try ${other}`,
      noSubject: undefined,
    },
  };
}
