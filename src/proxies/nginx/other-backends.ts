import type { BundleOptions } from './bundle-options.ts';
import { renderForeignHeaders } from './foreign-headers.ts';
import { identityVariable } from './location-file.ts';
import { joinParts } from './text.ts';

/** One dialect of nginx for backends that do not speak HTTP/1.1. */
interface Dialect {
  readonly module: string;
  readonly pass: string;
  /** The file of nginx that this one takes the place of. */
  readonly usual: string;
  /** The lines of that file but for REQUEST_URI and REMOTE_USER: a parameter that is set twice is sent twice. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** What both files of nginx have (CGI/1.1, RFC 3875, section 4.1, and what servers add to it). */
const request = [
  ['QUERY_STRING', '$query_string'],
  ['REQUEST_METHOD', '$request_method'],
  ['CONTENT_TYPE', '$content_type'],
  ['CONTENT_LENGTH', '$content_length'],
  ['DOCUMENT_ROOT', '$document_root'],
  ['SERVER_PROTOCOL', '$server_protocol'],
  ['REQUEST_SCHEME', '$scheme'],
  ['HTTPS', '$https if_not_empty'],
  ['REMOTE_ADDR', '$remote_addr'],
  ['REMOTE_PORT', '$remote_port'],
  ['SERVER_PORT', '$server_port'],
  ['SERVER_NAME', '$server_name'],
  // Not as the client wrote it: a request line can name another host.
  ['HTTP_HOST', '$host$postern_port'],
] as const;

const dialects = {
  fastcgi: {
    module: 'fastcgi_param',
    pass: 'fastcgi_pass',
    usual: 'fastcgi_params',
    parameters: [
      ...request,
      ['SCRIPT_NAME', '$fastcgi_script_name'],
      ['DOCUMENT_URI', '$document_uri'],
      ['GATEWAY_INTERFACE', 'CGI/1.1'],
      ['SERVER_SOFTWARE', 'nginx/$nginx_version'],
      ['SERVER_ADDR', '$server_addr'],
      ['REDIRECT_STATUS', '200'],
    ],
  },
  uwsgi: {
    module: 'uwsgi_param',
    pass: 'uwsgi_pass',
    usual: 'uwsgi_params',
    parameters: [...request, ['PATH_INFO', '$document_uri']],
  },
} as const satisfies Record<string, Dialect>;

/** What `proxy_set_header` lines of a protected location do, header by header. */
function backendValues(options: BundleOptions): (readonly [header: string, variable: string])[] {
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
export function renderParameterFile(kind: keyof typeof dialects, options: BundleOptions): string {
  const { module, pass, usual, parameters } = dialects[kind];
  const lines = backendValues(options).map(([header, variable]) => {
    return `${module} ${parameterOf(header)} ${variable};`;
  });
  return joinParts(
    `
# Postern for nginx, optional: location context, beside a ${pass}, in the place of ${usual}.
#
#     include postern-location.conf;
#     include postern-${kind}.conf;
#
# A parameter that two files set is sent twice: ${usual} beside this one would tell the application the
# client's whole URI. The headers that postern-location.conf sets are proxy_set_header lines, which ${pass} does not
# read: without these lines the application would see the client's own.`,
    `
${parameters.map(([name, value]) => `${module} ${name} ${value};`).join('\n')}
# As it was asked for, without a token.
${module} REQUEST_URI $postern_return;
${module} REMOTE_USER $postern_user if_not_empty;

${lines.join('\n')}`,
    renderForeignHeaders(options, (name) => `${module} ${parameterOf(name)} "";`, {
      own: `${module} HTTP_X_FORWARDED_PREFIX /app;`,
      client: `${module} HTTP_X_HTTP_METHOD_OVERRIDE $http_x_http_method_override;`,
    }),
  );
}

/** `postern-grpc.conf`. */
export function renderGrpcFile(options: BundleOptions): string {
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
