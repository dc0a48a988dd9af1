import type { BundleOptions } from './bundle-options.ts';
import { renderClearedHeaders } from './cleared-headers.ts';
import { identityVariable } from './location-file.ts';
import { joinParts } from './text.ts';

/** nginx's directives for backends that do not speak HTTP/1.1. */
interface Protocol {
  readonly directive: string;
  readonly passDirective: string;
  /** nginx's own file, which this one replaces. */
  readonly replaces: string;
  /**
   * The parameters of that file without REQUEST_URI and REMOTE_USER: a parameter that is set twice
   * is sent twice.
   */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** Parameters that both files set (CGI/1.1, RFC 3875, section 4.1, and common extensions). */
const requestParameters = [
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
  // Not $http_host: the request line can name another host.
  ['HTTP_HOST', '$postern_host'],
] as const;

const protocols = {
  fastcgi: {
    directive: 'fastcgi_param',
    passDirective: 'fastcgi_pass',
    replaces: 'fastcgi_params',
    parameters: [
      ...requestParameters,
      ['SCRIPT_NAME', '$fastcgi_script_name'],
      ['DOCUMENT_URI', '$document_uri'],
      ['GATEWAY_INTERFACE', 'CGI/1.1'],
      ['SERVER_SOFTWARE', 'nginx/$nginx_version'],
      ['SERVER_ADDR', '$server_addr'],
      ['REDIRECT_STATUS', '200'],
    ],
  },
  uwsgi: {
    directive: 'uwsgi_param',
    passDirective: 'uwsgi_pass',
    replaces: 'uwsgi_params',
    parameters: [...requestParameters, ['PATH_INFO', '$document_uri']],
  },
} as const satisfies Record<string, Protocol>;

/**
 * The backend headers that a protected location sets with `proxy_set_header`, with their variables.
 */
function backendHeaders(options: BundleOptions): (readonly [header: string, variable: string])[] {
  return [
    ...options.headers.map((name) => [name, identityVariable(name)] as const),
    ['X-Postern-Assertion', '$postern_assertion'],
    ['X-Postern-Expires-At', '$postern_expires_at'],
    ['Authorization', '$postern_authorization'],
    ['Sec-WebSocket-Protocol', '$postern_subprotocols'],
    ['Referer', '$postern_backend_referer'],
  ];
}

/** The CGI parameter of a header (RFC 3875, section 4.1.18). */
function cgiParameter(header: string): string {
  return `HTTP_${header.toUpperCase().replaceAll('-', '_')}`;
}

/** `postern-fastcgi.conf` and `postern-uwsgi.conf`. */
export function renderParameterFile(kind: keyof typeof protocols, options: BundleOptions): string {
  const { directive, passDirective, replaces, parameters } = protocols[kind];
  const lines = backendHeaders(options).map(([header, variable]) => {
    return `${directive} ${cgiParameter(header)} ${variable};`;
  });
  return joinParts(
    `
# Postern for nginx, optional: location context, with ${passDirective}, instead of ${replaces}.
#
#     include postern-location.conf;
#     include postern-${kind}.conf;
#
# Do not include ${replaces} too: a parameter that is set twice is sent twice, and the application would
# get the client's whole URI. ${passDirective} ignores the proxy_set_header lines of postern-location.conf:
# without the lines below the application would get the client's own headers.`,
    `
${parameters.map(([name, value]) => `${directive} ${name} ${value};`).join('\n')}
# The requested URI without the token.
${directive} REQUEST_URI $postern_return;
${directive} REMOTE_USER $postern_user if_not_empty;

${lines.join('\n')}`,
    renderClearedHeaders(options, (name) => `${directive} ${cgiParameter(name)} "";`, {
      own: `${directive} HTTP_X_FORWARDED_PREFIX /app;`,
      client: `${directive} HTTP_X_HTTP_METHOD_OVERRIDE $http_x_http_method_override;`,
    }),
  );
}

/** `postern-grpc.conf`. */
export function renderGrpcFile(options: BundleOptions): string {
  const lines = backendHeaders(options).map(([name, variable]) => {
    return `grpc_set_header ${name} ${variable};`;
  });
  return joinParts(
    `
# Postern for nginx, optional: location context, with grpc_pass, after postern-location.conf.
#
# grpc_pass ignores the proxy_set_header lines of postern-location.conf: without the lines below the
# application would get the client's own headers.`,
    lines.join('\n'),
    renderClearedHeaders(options, (name) => `grpc_set_header ${name} "";`, {
      own: 'grpc_set_header X-Forwarded-Prefix /app;',
      client: 'grpc_set_header X-HTTP-Method-Override $http_x_http_method_override;',
    }),
  );
}
