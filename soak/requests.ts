/** How a handshake reaches the service: as nginx's question about it, or through a real nginx. */
export type Way = 'direct' | 'nginx';

const host = 'app.example.com';

/** A handshake with a credential somewhere in it, or with none. */
export function handshake(
  way: Way,
  presented: {
    readonly query?: string;
    readonly lines?: readonly string[];
    /** Of the client, where nginx would tell. */
    readonly address?: string;
  },
): string {
  const { query = '', lines = [], address = '203.0.113.7' } = presented;
  const target = `/ws${query}`;
  const head =
    way === 'direct'
      ? [
          'GET /auth HTTP/1.1',
          `Host: ${host}`,
          `X-Original-URI: ${target}`,
          'X-Original-Method: GET',
          'X-Original-Upgrade: websocket',
          'X-Forwarded-Proto: https',
          `X-Real-IP: ${address}`,
        ]
      : [
          `GET ${target} HTTP/1.1`,
          `Host: ${host}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Version: 13',
        ];
  // Over plain nginx the page is one of plain http.
  const origin = `Origin: http${way === 'direct' ? 's' : ''}://${host}`;
  return `${[...head, origin, ...lines].join('\r\n')}\r\n\r\n`;
}

/** A request with a body of JSON, or without one. */
export function call(
  method: string,
  path: string,
  {
    key,
    body,
    cookie,
  }: { readonly key?: string; readonly body?: unknown; readonly cookie?: string },
): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Origin: https://${host}`,
    // As nginx passes on what is under /.postern/.
    `X-Original-URI: ${path}`,
    `X-Original-Method: ${method}`,
    'X-Forwarded-Proto: https',
    'X-Real-IP: 203.0.113.7',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...(text === '' ? [] : ['Content-Type: application/json']),
    ...(key === undefined ? [] : [`Authorization: Bearer ${key}`]),
    ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}
