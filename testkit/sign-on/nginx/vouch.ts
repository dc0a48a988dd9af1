import { misunderstood, page, type SignOn } from './sign-on.ts';

/** Vouch Proxy looks at Host, and tells the login how often it has failed. */
const answer: SignOn['answer'] = (path, headers, owner) => {
  if (path !== '/validate') return misunderstood(path);
  if (headers.host !== 'grist.example.com') return misunderstood(`host ${headers.host}`);
  return owner === 'alice'
    ? { status: 200, headers: { 'x-vouch-user': 'alice' } }
    : { status: 401, headers: { 'x-vouch-failcount': '1', 'x-vouch-err': 'no-jwt' } };
};

/** Vouch Proxy as its documents show it: auth_request and error_page for the whole server. */
export const vouch: readonly SignOn[] = [
  {
    name: 'Vouch Proxy with plain nginx',
    surroundings: 'plain',
    server: `
auth_request /validate;
location = /validate {
    proxy_pass http://127.0.0.1:PORT/validate;
    proxy_set_header Host $http_host;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    auth_request_set $auth_resp_x_vouch_user $upstream_http_x_vouch_user;
    auth_request_set $auth_resp_jwt $upstream_http_x_vouch_jwt;
    auth_request_set $auth_resp_err $upstream_http_x_vouch_err;
    auth_request_set $auth_resp_failcount $upstream_http_x_vouch_failcount;
}
error_page 401 = @error401;
location @error401 {
    return 302 https://vouch.example.com/login?url=$scheme://$http_host$request_uri&vouch-failcount=$auth_resp_failcount&X-Vouch-Token=$auth_resp_jwt&error=$auth_resp_err;
}`,
    location: `
auth_request_set $auth_resp_x_vouch_user $upstream_http_x_vouch_user;
proxy_set_header X-Vouch-User $auth_resp_x_vouch_user;`,
    sessionCookie: 'VouchCookie',
    login: {
      status: 302,
      location: `https://vouch.example.com/login?url=${page}&vouch-failcount=&X-Vouch-Token=&error=`,
    },
    answer,
  },
];
