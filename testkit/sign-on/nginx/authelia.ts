import { escapedPage, misunderstood, type SignOn } from './sign-on.ts';

const sessionCookie = 'authelia_session';
const identity = { 'remote-user': 'alice', 'remote-groups': 'staff' };
const freshSession = { 'set-cookie': 'authelia_session=fresh; Path=/; HttpOnly; Secure' };

/** The endpoint `auth-request`: the denial names the portal in Location. */
const answerAuthRequest: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/api/authz/auth-request') return misunderstood(path);
  const url = String(headers['x-original-url'] ?? '');
  if (!/^(https|wss):\/\//.test(url)) return misunderstood('X-Original-URL is not secure');
  if (!headers['x-original-method']) return misunderstood('X-Original-Method is missing');
  if (owner === undefined) {
    const location = `https://auth.example.com/?rd=${encodeURIComponent(url)}&rm=GET`;
    return { status: 401, headers: { ...freshSession, location } };
  }
  return owner === 'alice' ? { status: 200, headers: identity } : { status: 403 };
};

/** The endpoint before that, `verify`. */
const answerVerify: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/authelia/api/verify') return misunderstood(path);
  if (!headers['x-original-url']) return misunderstood('X-Original-URL is missing');
  if (owner === undefined) return { status: 401, headers: freshSession };
  return owner === 'alice' ? { status: 200, headers: identity } : { status: 403 };
};

const askInSwag = (uri: string, endpoint: string) => `
location = ${uri} {
    internal;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_authelia authelia;
    proxy_pass http://$upstream_authelia:PORT${endpoint};
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}`;

const login = {
  status: 302,
  location: `https://auth.example.com/?rd=${escapedPage}&rm=GET`,
} as const;

/** Authelia, in the manners that are in use. */
export const authelia: readonly SignOn[] = [
  {
    name: "Authelia with SWAG's files of 2025",
    surroundings: 'swag',
    server: `${askInSwag('/authelia/api/authz/auth-request', '/api/authz/auth-request')}
location @authelia_proxy_signin {
    internal;
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    auth_request_set $signin_url $upstream_http_location;
    return 302 $signin_url;
}`,
    location: `
auth_request /authelia/api/authz/auth-request;
error_page 401 = @authelia_proxy_signin;
auth_request_set $user $upstream_http_remote_user;
proxy_set_header Remote-User $user;
auth_request_set $set_cookie $upstream_http_set_cookie;
auth_request_set $signin_url $upstream_http_location;`,
    sessionCookie,
    login,
    refusal: 403,
    answer: answerAuthRequest,
  },
  {
    name: "Authelia with SWAG's files of 2023",
    surroundings: 'swag',
    server: `${askInSwag('/authelia/api/verify', '/authelia/api/verify')}
location @authelia_proxy_signin {
    internal;
    set_escape_uri $target_url $scheme://$http_host$request_uri;
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    set $authelia_backend $http_host;
    return 302 https://$authelia_backend/authelia/?rd=$target_url;
}`,
    location: `
auth_request /authelia/api/verify;
error_page 401 = @authelia_proxy_signin;
auth_request_set $user $upstream_http_remote_user;
proxy_set_header Remote-User $user;
auth_request_set $set_cookie $upstream_http_set_cookie;
add_header Set-Cookie $set_cookie;`,
    sessionCookie,
    login: { status: 302, location: `https://grist.example.com/authelia/?rd=${escapedPage}` },
    refusal: 403,
    answer: answerVerify,
  },
  {
    name: 'Authelia with plain nginx',
    surroundings: 'plain',
    server: `
set $upstream_authelia http://127.0.0.1:PORT/api/authz/auth-request;
location /internal/authelia/authz {
    internal;
    proxy_pass $upstream_authelia;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header Content-Length "";
    proxy_set_header Connection "";
    proxy_pass_request_body off;
    proxy_http_version 1.1;
}`,
    location: `
auth_request /internal/authelia/authz;
auth_request_set $user $upstream_http_remote_user;
proxy_set_header Remote-User $user;
auth_request_set $redirection_url $upstream_http_location;
error_page 401 =302 $redirection_url;`,
    sessionCookie,
    login,
    refusal: 403,
    answer: answerAuthRequest,
  },
];
