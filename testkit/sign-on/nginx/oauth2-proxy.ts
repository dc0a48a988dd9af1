import { misunderstood, page, type SignOn } from './sign-on.ts';

const sessionCookie = '_oauth2_proxy';

/** It says 202 where others say 200, and has a sign-in page of its own. */
const answer: SignOn['answer'] = (path, _headers, owner) => {
  if (path === '/oauth2/sign_in') {
    const headers = { 'content-type': 'text/html', 'cache-control': 'no-cache' };
    return { status: 200, headers, body: '<form action="/oauth2/start">Sign in</form>' };
  }
  if (path !== '/oauth2/auth') return misunderstood(path);
  if (owner === undefined) return { status: 401 };
  return owner === 'alice'
    ? { status: 202, headers: { 'x-auth-request-user': 'alice' } }
    : { status: 403 };
};

const identity = `
auth_request_set $user $upstream_http_x_auth_request_user;
proxy_set_header X-User $user;
`;

const plainServer = `
location /oauth2/ {
    proxy_pass http://127.0.0.1:PORT;
    proxy_set_header Host $host;
    proxy_set_header X-Auth-Request-Redirect $request_uri;
}
location = /oauth2/auth {
    proxy_pass http://127.0.0.1:PORT;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Uri $request_uri;
    proxy_set_header Content-Length "";
    proxy_pass_request_body off;
}`;

/** oauth2-proxy, in the manners that are in use. */
export const oauth2Proxy: readonly SignOn[] = [
  {
    name: "oauth2-proxy with SWAG's files",
    surroundings: 'swag',
    server: `
location /oauth2/ {
    include /config/nginx/resolver.conf;
    set $upstream_oauth2_proxy oauth2-proxy;
    proxy_pass http://$upstream_oauth2_proxy:PORT;
    proxy_set_header Host $host;
    proxy_set_header X-Auth-Request-Redirect $request_uri;
}
location = /oauth2/auth {
    internal;
    include /config/nginx/resolver.conf;
    set $upstream_oauth2_proxy oauth2-proxy;
    proxy_pass http://$upstream_oauth2_proxy:PORT;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-Uri $request_uri;
    proxy_set_header Content-Length "";
    proxy_pass_request_body off;
}`,
    location: `
auth_request /oauth2/auth;
error_page 401 =302 /oauth2/sign_in;
${identity}
auth_request_set $auth_cookie $upstream_http_set_cookie;
add_header Set-Cookie $auth_cookie;
auth_request_set $auth_cookie_name_upstream_1 $upstream_cookie_auth_cookie_name_1;
if ($auth_cookie ~* "(; .*)") {
    set $auth_cookie_name_0 $auth_cookie;
    set $auth_cookie_name_1 "auth_cookie_name_1=$auth_cookie_name_upstream_1$1";
}
if ($auth_cookie_name_upstream_1) {
    add_header Set-Cookie $auth_cookie_name_0;
    add_header Set-Cookie $auth_cookie_name_1;
}`,
    sessionCookie,
    login: { status: 302 },
    refusal: 403,
    answer,
  },
  {
    name: 'oauth2-proxy with plain nginx and its sign-in page',
    surroundings: 'plain',
    server: plainServer,
    location: `
auth_request /oauth2/auth;
error_page 401 =403 /oauth2/sign_in;
${identity}`,
    sessionCookie,
    login: { status: 403 },
    refusal: 403,
    answer,
  },
  {
    name: 'oauth2-proxy with plain nginx and a redirect',
    surroundings: 'plain',
    server: `${plainServer}
location @oauth2_signin {
    return 302 /oauth2/sign_in?rd=$scheme://$host$request_uri;
}`,
    location: `
auth_request /oauth2/auth;
error_page 401 = @oauth2_signin;
${identity}`,
    sessionCookie,
    login: { status: 302, location: `https://grist.example.com/oauth2/sign_in?rd=${page}` },
    refusal: 403,
    answer,
  },
];
