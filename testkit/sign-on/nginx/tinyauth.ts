import { escapedPage, misunderstood, page, type SignOn } from './sign-on.ts';

const sessionCookie = 'tinyauth-session-1a2b3c4d';
const identity = { 'remote-user': 'alice', 'remote-email': 'alice@example.com' };

/** Up to 5.1: it wants all three X-Forwarded headers. */
const answerForwarded: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/api/auth/nginx') return misunderstood(path);
  for (const name of ['x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri']) {
    if (!headers[name]) return misunderstood(`${name} not found`);
  }
  if (owner === undefined) return { status: 401 };
  return owner === 'alice' ? { status: 200, headers: identity } : { status: 403 };
};

/** Since 5.2: X-Original-URL alone, and it names the login itself. */
const answerOriginal: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/api/auth/nginx') return misunderstood(path);
  if (!headers['x-original-url']) return misunderstood('x-original-url not found');
  if (headers['x-forwarded-host'] || headers['x-forwarded-uri']) {
    return misunderstood('conflicting auth module headers');
  }
  const at = (name: string) => ({ 'x-tinyauth-location': `https://tinyauth.example.com/${name}` });
  if (owner === undefined) {
    const rd = encodeURIComponent(String(headers['x-original-url']));
    return { status: 401, headers: at(`login?redirect_uri=${rd}`) };
  }
  return owner === 'alice'
    ? { status: 200, headers: identity }
    : { status: 403, headers: at('unauthorized?username=mallory') };
};

const authLocation = `
location /tinyauth {
    internal;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_tinyauth tinyauth;
    proxy_pass http://$upstream_tinyauth:PORT/api/auth/nginx;
    proxy_set_header x-forwarded-proto $scheme;
    proxy_set_header x-forwarded-host $http_host;
    proxy_set_header x-forwarded-uri $request_uri;
}`;

/** TinyAuth, in the manners that are in use. */
export const tinyauth: readonly SignOn[] = [
  {
    name: "TinyAuth with SWAG's files of 2025",
    surroundings: 'swag',
    server: `${authLocation}
location @tinyauth_login {
    internal;
    set_escape_uri $target_url $scheme://$http_host$request_uri;
    set $domain $host;
    if ($host ~* "^[^.]+\\.([^.]+\\..+)$") {
        set $domain $1;
    }
    set $signin_url https://tinyauth.$domain/login?redirect_uri=$target_url;
    return 302 $signin_url;
}`,
    location: `
auth_request /tinyauth;
error_page 401 = @tinyauth_login;`,
    sessionCookie,
    login: {
      status: 302,
      location: `https://tinyauth.example.com/login?redirect_uri=${escapedPage}`,
    },
    refusal: 403,
    answer: answerForwarded,
  },
  {
    name: "TinyAuth with SWAG's files of July 2026",
    surroundings: 'swag',
    server: `
location /tinyauth {
    internal;
    include /config/nginx/tinyauth-proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_tinyauth tinyauth;
    proxy_pass http://$upstream_tinyauth:PORT/api/auth/nginx;
}`,
    location: `
auth_request /tinyauth;
auth_request_set $redirection_url $upstream_http_x_tinyauth_location;
error_page 401 403 =302 $redirection_url;
auth_request_set $email $upstream_http_remote_email;
auth_request_set $user $upstream_http_remote_user;
proxy_set_header Remote-Email $email;
proxy_set_header Remote-User $user;`,
    sessionCookie,
    login: {
      status: 302,
      location: `https://tinyauth.example.com/login?redirect_uri=${escapedPage}`,
    },
    refusal: 403,
    answer: answerOriginal,
  },
  {
    name: 'TinyAuth with plain nginx',
    surroundings: 'plain',
    server: `
location /tinyauth {
    proxy_pass http://127.0.0.1:PORT/api/auth/nginx;
    proxy_set_header x-forwarded-proto $scheme;
    proxy_set_header x-forwarded-host $http_host;
    proxy_set_header x-forwarded-uri $request_uri;
}
location @tinyauth_login {
    return 302 https://tinyauth.example.com/login?redirect_uri=$scheme://$http_host$request_uri;
}`,
    location: `
auth_request /tinyauth;
error_page 401 = @tinyauth_login;`,
    sessionCookie,
    login: { status: 302, location: `https://tinyauth.example.com/login?redirect_uri=${page}` },
    refusal: 403,
    answer: answerForwarded,
  },
];
