import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Scope } from './scope.ts';

/** Directives that answer in place of proxy_pass. */
const handlers = [
  ...['fastcgi_pass', 'uwsgi_pass', 'scgi_pass', 'grpc_pass', 'memcached_pass', 'stub_status'],
  ...[
    'js_content',
    'content_by_lua_block',
    'content_by_lua_file',
    'content_by_lua',
    'perl',
    'echo',
  ],
  ...['empty_gif', 'autoindex', 'dav_methods', 'proxy_pass_v2'],
];

/** Directives by which a proxied request gets headers. */
export const headerDirectives = [
  ...['proxy_set_header', 'grpc_set_header', 'fastcgi_param', 'uwsgi_param', 'scgi_param'],
] as const;

/** Directives that decide about access in ways that cannot be read from a configuration. */
const programs = [
  ...['access_by_lua_block', 'access_by_lua_file', 'access_by_lua', 'js_access', 'auth_jwt'],
  ...['rewrite_by_lua_block', 'rewrite_by_lua_file', 'auth_oidc', 'perl_handler', 'auth_pam'],
];

/** A directive that answers requests: inherited by `if` and `limit_except`, not by nested locations. */
export function ownOrAround(view: Scope, name: string): Directive | undefined {
  for (const scope of view.chain()) {
    const own = scope.own(name).at(-1);
    if (own !== undefined) return own;
    if (scope.kind === 'location' || scope.kind === 'server') return undefined;
  }
  return undefined;
}

/** True where a client without a password is turned away. */
export function asksForPassword(view: Scope): boolean {
  const realm = view.value('auth_basic')?.[0];
  return realm !== undefined && realm !== 'off' && !realm.includes('$');
}

/** What answers in a scope, if it is neither a file nor proxy_pass. */
export function handlerOf(view: Scope): Directive | undefined {
  return handlers.flatMap((name) => ownOrAround(view, name) ?? [])[0];
}

/** A directive of a scope that decides about access in a way nobody can foresee. */
export function programIn(view: Scope): Directive | undefined {
  return programs.flatMap((name) => view.effective(name))[0];
}
