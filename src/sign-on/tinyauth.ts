import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import { remoteHeaders, type SignOn } from './sign-on.ts';

/**
 * TinyAuth. Since 5.2 it answers 400 to whoever sends the headers of both generations; before, it
 * knew the X-Forwarded ones only. Its rules on addresses read X-Forwarded-For.
 */
export function createTinyauth(generation: BridgeSettings['headers']): SignOn {
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
    // Paths and addresses that its labels exempt from logging in.
    nameless: 'anonymous',
    loginHeader: 'x-tinyauth-location',
    login: undefined,
    returnTo: 'url',
    hints: {
      400: `TinyAuth 5.2 and later needs headers: original, an older one headers: forwarded; try ${other}`,
      nameless: undefined,
    },
  };
}
