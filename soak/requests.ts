/** How a handshake reaches the service: as a subrequest, or through nginx. */
export type Route = 'direct' | 'nginx';

const host = 'app.example.com';

/** A handshake with or without a credential. */
export function handshake(
  way: Route,
  presented: {
    readonly query?: string;
    readonly lines?: readonly string[];
    /** Address of the client, if nginx would send it. */
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
  // nginx listens on plain HTTP here.
  const origin = `Origin: http${way === 'direct' ? 's' : ''}://${host}`;
  return `${[...head, origin, ...lines].join('\r\n')}\r\n\r\n`;
}

/** A request with or without a JSON body. */
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
    // As nginx forwards /.postern/.
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
