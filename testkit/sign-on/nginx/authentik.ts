import { escapedPage, misunderstood, page, type SignOn } from './sign-on.ts';

const sessionCookie = 'authentik_proxy_7f3a';

/** The outpost. It begins a session at each denial, and says so in a cookie. */
const answer: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/outpost.goauthentik.io/auth/nginx') return misunderstood(path);
  if (!headers['x-original-url']) return misunderstood('X-Original-URL is missing');
  if (owner === undefined) {
    return { status: 401, headers: { 'set-cookie': `${sessionCookie}=begun; Path=/; HttpOnly` } };
  }
  return owner === 'alice'
    ? { status: 200, headers: { 'x-authentik-username': 'alice' } }
    : { status: 403 };
};

const identity = `
auth_request_set $authentik_username $upstream_http_x_authentik_username;
proxy_set_header X-authentik-username $authentik_username;
`;

/** authentik, in the manners that are in use. */
export const authentik: readonly SignOn[] = [
  {
    name: "authentik with SWAG's files of 2025",
    surroundings: 'swag',
    server: `
location ^~ /outpost.goauthentik.io {
    auth_request off;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_authentik authentik-server;
    proxy_pass http://$upstream_authentik:PORT;
}
location = /outpost.goauthentik.io/auth/nginx {
    internal;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_authentik authentik-server;
    proxy_pass http://$upstream_authentik:PORT/outpost.goauthentik.io/auth/nginx;
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}
location @goauthentik_proxy_signin {
    internal;
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    set_escape_uri $target_url $scheme://$http_host$request_uri;
    set $signin_url https://$http_host/outpost.goauthentik.io/start?rd=$target_url;
    return 302 $signin_url;
}`,
    location: `
auth_request /outpost.goauthentik.io/auth/nginx;
error_page 401 = @goauthentik_proxy_signin;
${identity}
auth_request_set $set_cookie $upstream_http_set_cookie;`,
    sessionCookie,
    login: {
      status: 302,
      location: `https://grist.example.com/outpost.goauthentik.io/start?rd=${escapedPage}`,
    },
    refusal: 403,
    answer,
  },
  {
    name: 'authentik with plain nginx',
    surroundings: 'plain',
    server: `
location /outpost.goauthentik.io {
    proxy_pass http://127.0.0.1:PORT/outpost.goauthentik.io;
    proxy_set_header Host $host;
    proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    add_header Set-Cookie $auth_cookie;
    auth_request_set $auth_cookie $upstream_http_set_cookie;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
}
location @goauthentik_proxy_signin {
    internal;
    add_header Set-Cookie $auth_cookie;
    return 302 /outpost.goauthentik.io/start?rd=$scheme://$http_host$request_uri;
}`,
    location: `
auth_request /outpost.goauthentik.io/auth/nginx;
error_page 401 = @goauthentik_proxy_signin;
auth_request_set $auth_cookie $upstream_http_set_cookie;
add_header Set-Cookie $auth_cookie;
${identity}`,
    sessionCookie,
    login: {
      status: 302,
      location: `https://grist.example.com/outpost.goauthentik.io/start?rd=${page}`,
    },
    refusal: 403,
    answer,
  },
];
