/** A request to judge the configuration with: what is known about it. */
export interface Scenario {
  readonly name: 'handshake' | 'page' | 'h2c' | 'anything';
  /** Variables with a known value. Header variables that are not here are empty. */
  readonly variables: Readonly<Record<string, string>>;
  /** Nothing else is known: no header may be assumed empty. */
  readonly isOpen?: true;
}

const anyRequest = { request_method: 'GET', server_protocol: 'HTTP/1.1', is_args: '' };

/** A program opens a WebSocket without credentials (RFC 6455, section 4.1). */
export const handshake: Scenario = {
  name: 'handshake',
  variables: {
    ...anyRequest,
    http_upgrade: 'websocket',
    http_connection: 'Upgrade',
    http_sec_websocket_version: '13',
    http_sec_websocket_key: 'dGhlIHNhbXBsZSBub25jZQ==',
  },
};

/** A browser loads a page. */
export const page: Scenario = {
  name: 'page',
  variables: { ...anyRequest, http_accept: 'text/html,application/xhtml+xml' },
};

/** A client asks for HTTP/2 over a plain connection, to get a tunnel (RFC 7540, section 3.2). */
export const h2c: Scenario = {
  name: 'h2c',
  variables: {
    ...anyRequest,
    http_upgrade: 'h2c',
    http_connection: 'Upgrade, HTTP2-Settings',
    http_http2_settings: 'AAMAAABkAAQAAP__',
  },
};

/** Whatever a client may think of. */
export const anything: Scenario = { name: 'anything', variables: {}, isOpen: true };

/** Headers that differ from client to client, so that no scenario may assume them empty. */
const openHeaders = new Set(['host', 'user_agent', 'origin', 'x_forwarded_for', 'cookie']);

/** The value of a variable of nginx in a scenario; undefined when it cannot be known. */
export function variableIn({ variables, isOpen }: Scenario, name: string): string | undefined {
  const known = variables[name];
  if (known !== undefined || isOpen) return known;
  if (name.startsWith('http_')) return openHeaders.has(name.slice(5)) ? undefined : '';
  if (name.startsWith('cookie_') || name.startsWith('arg_')) return '';
  return undefined;
}
