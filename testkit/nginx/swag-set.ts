import { swagProxyConf } from './swag.ts';

/** Files of SWAG's /config/nginx, recreated in its manner: what is switched on after installation. */
export const swagBase: Readonly<Record<string, string>> = {
  'site.conf': `
map $http_upgrade $connection_upgrade {
    default upgrade;
    '' close;
}
server_tokens off;
client_max_body_size 0;
include /config/nginx/site-confs/*.conf;
`,
  '/config/nginx/proxy.conf': swagProxyConf,
  '/config/nginx/resolver.conf': 'resolver 127.0.0.11 valid=30s;\n',
  '/config/nginx/ssl.conf': `
ssl_session_timeout 1d;
ssl_protocols TLSv1.2 TLSv1.3;
#add_header X-Content-Type-Options "nosniff" always;
#add_header Strict-Transport-Security "max-age=63072000" always;
`,
  '/config/nginx/site-confs/default.conf': `
server {
    listen 80 default_server;
    location / {
        return 301 https://$host$request_uri;
    }
}
server {
    listen 443 ssl default_server;
    server_name _;
    include /config/nginx/ssl.conf;
    root /config/www;
    index index.html index.php;
    include /config/nginx/proxy-confs/*.subfolder.conf;
    location / {
        #include /config/nginx/authelia-location.conf;
        try_files $uri $uri/ /index.html /index.php$is_args$args =404;
    }
    location ~ ^(.+\\.php)(.*)$ {
        try_files $fastcgi_script_name =404;
        fastcgi_split_path_info ^(.+\\.php)(.*)$;
        fastcgi_pass 127.0.0.1:9000;
    }
    location ~ /\\.ht {
        deny all;
    }
}
include /config/nginx/proxy-confs/*.subdomain.conf;
`,
};

/** A proxy-conf for an application on a subdomain; `server` and `location` hold the includes of an auth service. */
export function proxyConf(
  name: string,
  options: { server?: string; location?: string; more?: string } = {},
): string {
  const upstream = `
        include /config/nginx/proxy.conf;
        include /config/nginx/resolver.conf;
        set $upstream_app ${name};
        set $upstream_port 8080;
        set $upstream_proto http;
        proxy_pass $upstream_proto://$upstream_app:$upstream_port;`;
  return `## Version 2026/11/22
# make sure that your ${name} container is named ${name}
server {
    listen 443 ssl;
    server_name ${name}.*;
    include /config/nginx/ssl.conf;
    client_max_body_size 0;
    ${options.server ?? '#include /config/nginx/authelia-server.conf;'}
    location / {
        #auth_basic "Restricted";
        #auth_basic_user_file /config/nginx/.htpasswd;
        ${options.location ?? '#include /config/nginx/authelia-location.conf;'}
${upstream}
    }
    ${(options.more ?? '').replace('UPSTREAM', upstream)}
}
`;
}

/** The kinds of further locations that such files have. */
const kinds = [
  '',
  'location ~ (/app)?/api {UPSTREAM\n    }',
  'location ~ (/app)?(/rpc|/ws|/websocket) {UPSTREAM\n    }',
  'location = /robots.txt {\n        return 200 "User-agent: *";\n    }',
  'location /feed {UPSTREAM\n        proxy_buffering off;\n        proxy_set_header X-Custom "1";\n    }',
  'location ~* \\.(js|css|png)$ {UPSTREAM\n        expires 30d;\n    }',
];

/** Three hundred of them, all switched on. */
export function swagSet(): Record<string, string> {
  const files: Record<string, string> = { ...swagBase };
  for (let index = 0; index < 300; index++) {
    const name = `app${index}`;
    files[`/config/nginx/proxy-confs/${name}.subdomain.conf`] = proxyConf(name, {
      more: kinds[index % kinds.length] ?? '',
    });
  }
  return files;
}

interface Generation {
  readonly service: string;
  readonly server: string;
  readonly location: string;
  /** Words of what the doctor says about the two files. */
  readonly known: readonly RegExp[];
  readonly files: Readonly<Record<string, string>>;
}

const ask = (path: string, rest: string) => `
auth_request ${path};
auth_request_set $user $upstream_http_remote_user;
auth_request_set $email $upstream_http_remote_email;
proxy_set_header Remote-User $user;
proxy_set_header Remote-Email $email;
${rest}
`;

const answer = (location: string, target: string, rest: string) => `
location ${location} {
    internal;
    include /config/nginx/proxy.conf;
    include /config/nginx/resolver.conf;
    set $upstream_auth auth;
    proxy_pass http://$upstream_auth:${target};
    ${rest}
}
`;

const signIn = (name: string, to: string) => `
location ${name} {
    internal;
    auth_request_set $set_cookie $upstream_http_set_cookie;
    add_header Set-Cookie $set_cookie;
    return 302 ${to};
}
`;

/** What SWAG ships for TinyAuth, Authelia and authentik, in the generations that are in use. */
export const swagGenerations: readonly Generation[] = [
  {
    service: 'TinyAuth before July 2026',
    server: 'include /config/nginx/tinyauth-server.conf;',
    location: 'include /config/nginx/tinyauth-location.conf;',
    known: [/before July 2026/],
    files: {
      '/config/nginx/tinyauth-location.conf': ask('/tinyauth', 'error_page 401 = @tinyauth_login;'),
      '/config/nginx/tinyauth-server.conf':
        answer(
          '/tinyauth',
          '3000/api/auth/nginx',
          'proxy_set_header x-forwarded-proto $scheme;\n    proxy_set_header x-forwarded-host $http_host;\n    proxy_set_header x-forwarded-uri $request_uri;',
        ) +
        signIn('@tinyauth_login', 'https://tinyauth.example.com/login?redirect_uri=$request_uri'),
    },
  },
  {
    service: 'TinyAuth of July 2026',
    server: 'include /config/nginx/tinyauth-server.conf;',
    location: 'include /config/nginx/tinyauth-location.conf;',
    known: [/X-Tinyauth-Location/, /July 2026 or later/],
    files: {
      '/config/nginx/tinyauth-location.conf': ask(
        '/tinyauth',
        'auth_request_set $redirection_url $upstream_http_x_tinyauth_location;\nerror_page 401 403 =302 $redirection_url;',
      ),
      '/config/nginx/tinyauth-server.conf': answer('/tinyauth', '3000/api/auth/nginx', ''),
    },
  },
  {
    service: 'Authelia before 2025',
    server: 'include /config/nginx/authelia-server.conf;',
    location: 'include /config/nginx/authelia-location.conf;',
    known: [/before 2025 \(\/api\/verify\)/],
    files: {
      '/config/nginx/authelia-location.conf': ask(
        '/authelia/api/verify',
        'error_page 401 = @authelia_proxy_signin;',
      ),
      '/config/nginx/authelia-server.conf':
        answer(
          '= /authelia/api/verify',
          '9091/authelia/api/verify',
          'proxy_pass_request_body off;\n    proxy_set_header Content-Length "";',
        ) + signIn('@authelia_proxy_signin', 'https://$http_host/authelia/?rd=$request_uri'),
    },
  },
  {
    service: 'Authelia of 2025',
    server: 'include /config/nginx/authelia-server.conf;',
    location: 'include /config/nginx/authelia-location.conf;',
    known: [/of 2025 or later/],
    files: {
      '/config/nginx/authelia-location.conf': ask(
        '/authelia/api/authz/auth-request',
        'auth_request_set $signin_url $upstream_http_location;\nerror_page 401 = @authelia_proxy_signin;',
      ),
      '/config/nginx/authelia-server.conf':
        answer(
          '= /authelia/api/authz/auth-request',
          '9091/api/authz/auth-request',
          'proxy_pass_request_body off;\n    proxy_set_header Content-Length "";',
        ) + signIn('@authelia_proxy_signin', '$signin_url'),
    },
  },
  ...authentik(
    'authentik before 2025',
    /authentik file, before 2025/,
    'https://authentik.example.com/authentik/',
  ),
  ...authentik('authentik of 2025', /SWAG's authentik file$/, '/outpost.goauthentik.io/start'),
];

function authentik(service: string, known: RegExp, login: string): Generation[] {
  const outpost = answer('/outpost.goauthentik.io', '9000/outpost.goauthentik.io', '');
  return [
    {
      service,
      server: 'include /config/nginx/authentik-server.conf;',
      location: 'include /config/nginx/authentik-location.conf;',
      known: [known],
      files: {
        '/config/nginx/authentik-location.conf': ask(
          '/outpost.goauthentik.io/auth/nginx',
          'error_page 401 = @goauthentik_proxy_signin;',
        ),
        '/config/nginx/authentik-server.conf':
          outpost.replace('internal;', '') +
          signIn('@goauthentik_proxy_signin', `${login}?rd=$request_uri`),
      },
    },
  ];
}
