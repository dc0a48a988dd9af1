import type { KnownMessage } from '../known-message.ts';

/** What nginx writes into its error log. */
export const nginxMessages: readonly KnownMessage[] = [
  {
    by: 'nginx, error log',
    example: 'auth request unexpected status: 302 while sending to client',
    pattern: /auth request unexpected status: (?<inner>\d{3})/i,
    code: 'auth-service-broken',
    note: 'The status is what the auth service answered; the client got 500.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream sent too big header while reading response header from upstream',
    pattern: /upstream sent too big header/i,
    code: 'backend-unreachable',
    note: 'The headers of an answer do not fit into proxy_buffer_size (4 or 8 KiB). In the auth location the client gets 500: "proxy_buffer_size 16k; proxy_buffers 4 16k; proxy_busy_buffers_size 32k;" there, and look at how large the cookies and identity headers have become.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream sent no valid HTTP/1.0 header while reading response header from upstream',
    pattern: /upstream sent (?:no valid HTTP|invalid|unexpected|unsupported|more data|duplicate)/i,
    code: 'backend-unreachable',
    note: 'What is behind proxy_pass does not speak HTTP/1.1 there: another port, https in the place of http, or "proxy_http_version 1.1;" is missing.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream prematurely closed connection while reading response header from upstream',
    pattern: /upstream prematurely closed connection/i,
    code: 'backend-unreachable',
  },
  {
    by: 'nginx, error log',
    example: 'connect() failed (111: Connection refused) while connecting to upstream',
    pattern:
      /connect\(\) (?:failed|to \S+ failed) .*upstream|no live upstreams|could not be resolved .*Host not found|host not found in upstream/i,
    code: 'backend-unreachable',
    note: 'With "subrequest: \\"/…\\"" in the line it is the auth service that cannot be reached, and the client gets 500.',
  },
  {
    by: 'nginx, error log',
    example: 'upstream timed out (110: Connection timed out) while reading upstream',
    pattern: /upstream timed out .*while (?:reading upstream|proxying upgraded connection)/i,
    code: 'idle-cut',
    note: 'The socket was open and silent for longer than proxy_read_timeout.',
  },
  {
    by: 'nginx, error log',
    example:
      'upstream timed out (110: Connection timed out) while reading response header from upstream',
    pattern: /upstream timed out/i,
    code: 'backend-timeout',
  },
];
