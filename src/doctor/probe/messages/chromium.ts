import type { FindingCode } from '../catalog.ts';
import type { KnownMessage } from '../known-message.ts';

/** The network errors of Chromium, Edge, Electron and Android’s WebView, by their names. */
const errors: readonly (readonly [names: string, code: FindingCode | undefined, note?: string])[] =
  [
    ['CERT_DATE_INVALID', 'tls-expired'],
    ['CERT_COMMON_NAME_INVALID|CERT_NAME_CONSTRAINT_VIOLATION', 'tls-wrong-name'],
    [
      'CERT_AUTHORITY_INVALID|CERT_INVALID|CERT_REVOKED|CERT_WEAK_\\w+|CERTIFICATE_TRANSPARENCY_REQUIRED|CERT_KNOWN_INTERCEPTION_BLOCKED|CERT_\\w+|INSECURE_RESPONSE',
      'tls-untrusted',
    ],
    ['BAD_SSL_CLIENT_AUTH_CERT|SSL_CLIENT_AUTH_CERT_NEEDED', 'client-certificate-wanted'],
    ['SSL_\\w+', 'tls-failed'],
    [
      'CONNECTION_REFUSED|CONNECTION_FAILED|CONNECTION_TIMED_OUT|ADDRESS_UNREACHABLE',
      'connection-failed',
    ],
    ['NAME_NOT_RESOLVED|NAME_RESOLUTION_FAILED|DNS_\\w+', 'dns-failed'],
    [
      'CONNECTION_RESET|CONNECTION_CLOSED|CONNECTION_ABORTED|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED',
      'closed-without-answer',
    ],
    ['TIMED_OUT', 'no-answer'],
    ['INVALID_HTTP_RESPONSE|INVALID_RESPONSE|INVALID_CHUNKED_ENCODING', 'answer-not-http'],
    ['RESPONSE_HEADERS_\\w+', 'answer-too-large'],
    ['HTTP2_\\w+|SPDY_\\w+|QUIC_\\w+|ALPN_NEGOTIATION_FAILED', 'http2-only'],
    ['TOO_MANY_REDIRECTS|INVALID_REDIRECT|UNSAFE_REDIRECT', 'upgrade-redirected'],
    [
      'FAILED|INSUFFICIENT_RESOURCES|INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_IO_SUSPENDED|NETWORK_ACCESS_DENIED|PROXY_\\w+|TUNNEL_\\w+|BLOCKED_BY_\\w+|UNSAFE_PORT|ABORTED|DISALLOWED_URL_SCHEME',
      undefined,
      'This is on the client’s side: its network, its proxy, an extension or a policy of the browser. No server answered.',
    ],
  ];

/** What Chromium writes behind "Error in connection establishment:" and elsewhere. */
export const chromiumMessages: readonly KnownMessage[] = errors.map(([names, code, note]) => ({
  by: 'Chrome, Edge',
  example: `WebSocket connection to wss failed: Error in connection establishment: net::ERR_${nameOf(names)}`,
  pattern: new RegExp(`\\bERR_(?:${names})\\b`),
  ...(code !== undefined && { code }),
  ...(note !== undefined && { note }),
}));

function nameOf(names: string): string {
  return (names.split('|')[0] ?? '').replace('\\w+', 'PROTOCOL_ERROR');
}
