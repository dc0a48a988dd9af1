import { renderForeignHeaders } from './foreign-headers.ts';
import type { KitOptions } from './kit-options.ts';
import { identityVariable } from './location-file.ts';
import { joinParts } from './text.ts';

/** One dialect of nginx for backends that do not speak HTTP/1.1. */
interface Dialect {
  readonly module: string;
  readonly pass: string;
  readonly usual: string;
}

const dialects = {
  fastcgi: { module: 'fastcgi_param', pass: 'fastcgi_pass', usual: 'include fastcgi_params;' },
  uwsgi: { module: 'uwsgi_param', pass: 'uwsgi_pass', usual: 'include uwsgi_params;' },
} as const satisfies Record<string, Dialect>;

/** What `proxy_set_header` lines of a protected location do, header by header. */
function backendValues(options: KitOptions): (readonly [header: string, variable: string])[] {
  return [
    ...options.headers.map((name) => [name, identityVariable(name)] as const),
    ['X-Postern-Assertion', '$postern_assertion'],
    ['Authorization', '$postern_authorization'],
    ['Sec-WebSocket-Protocol', '$postern_subprotocols'],
    ['Referer', '$postern_backend_referer'],
  ];
}

/** The name of a header among the parameters of CGI (RFC 3875, section 4.1.18). */
function parameterOf(header: string): string {
  return `HTTP_${header.toUpperCase().replaceAll('-', '_')}`;
}

/** `postern-fastcgi.conf` and `postern-uwsgi.conf`. */
export function renderParameterFile(kind: keyof typeof dialects, options: KitOptions): string {
  const { module, pass, usual } = dialects[kind];
  const lines = backendValues(options).map(([header, variable]) => {
    return `${module} ${parameterOf(header)} ${variable};`;
  });
  return joinParts(
    `
# Postern for nginx, optional: location context, beside a ${pass}.
#
#     include postern-location.conf;
#     ${usual}
#     include postern-${kind}.conf;
#
# The headers that postern-location.conf sets are proxy_set_header lines, which ${pass} does not
# read: without these lines the application would see the client's own.`,
    `
${lines.join('\n')}
${module} REMOTE_USER $postern_user if_not_empty;
# As it was asked for, without a token.
${module} REQUEST_URI $postern_return;`,
    renderForeignHeaders(options, (name) => `${module} ${parameterOf(name)} "";`, {
      own: `${module} HTTP_X_FORWARDED_PREFIX /app;`,
      client: `${module} HTTP_X_HTTP_METHOD_OVERRIDE $http_x_http_method_override;`,
    }),
  );
}

/** `postern-grpc.conf`. */
export function renderGrpcFile(options: KitOptions): string {
  const lines = backendValues(options).map(([name, variable]) => {
    return `grpc_set_header ${name} ${variable};`;
  });
  return joinParts(
    `
# Postern for nginx, optional: location context, beside a grpc_pass. postern-location.conf comes first.
#
# The headers that postern-location.conf sets are proxy_set_header lines, which grpc_pass does not read:
# without these lines the application would see the client's own.`,
    lines.join('\n'),
    renderForeignHeaders(options, (name) => `grpc_set_header ${name} "";`, {
      own: 'grpc_set_header X-Forwarded-Prefix /app;',
      client: 'grpc_set_header X-HTTP-Method-Override $http_x_http_method_override;',
    }),
  );
}
