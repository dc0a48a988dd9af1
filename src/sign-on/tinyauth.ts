import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import { remoteHeaders, type ServiceProfile } from './service-profile.ts';

/**
 * TinyAuth. Since 5.2 it answers 400 to a request with both kinds of headers; earlier versions read
 * X-Forwarded-* only. Its address rules read X-Forwarded-For.
 */
export function createTinyauth(generation: BridgeSettings['headers']): ServiceProfile {
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
    loginHeader: 'x-tinyauth-location',
    login: undefined,
    returnTo: 'url',
    hints: {
      400: `TinyAuth 5.2 and later needs headers: original, an older one headers: forwarded; try ${other}`,
      noSubject: undefined,
    },
  };
}
