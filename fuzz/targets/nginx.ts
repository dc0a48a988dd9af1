import { posix } from 'node:path';
import { examine } from '../../src/doctor/config/examine.ts';
import { renderHuman } from '../../src/doctor/config/report/human.ts';
import { toJson } from '../../src/doctor/config/report/json.ts';
import { renderPatch } from '../../src/doctor/config/report/patch.ts';
import { toSarif } from '../../src/doctor/config/report/sarif.ts';
import { rules } from '../../src/doctor/config/rules/index.ts';
import { matchesPath } from '../../src/proxies/nginx/syntax/glob.ts';
import {
  findNginxVersion,
  loadConfiguration,
  NginxSyntaxError,
  parseFile,
  readDump,
} from '../../src/proxies/nginx/syntax/index.ts';
import type { Random } from '../../testkit/random.ts';
import { expect, type Target } from '../target.ts';

const directives = [
  'auth_request /auth;',
  'auth_request off;',
  'auth_request_set $user $upstream_http_remote_user;',
  'error_page 401 = @login;',
  'error_page 401 403 =200 /x;',
  'return 302 https://login.example.com/;',
  'if ($http_upgrade ~* ^websocket$) { return 401; }',
  'proxy_pass http://backend;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
  'proxy_set_header Remote-User $user;',
  'rewrite ^/a/(.*)$ /b/$1 last;',
  'set $args $1$3;',
  'try_files $uri @app;',
  'satisfy any;',
  'allow 10.0.0.0/8;',
  'include sub.conf;',
  'include *.conf;',
  'access_log /var/log/a.log main;',
  'log_format main "$request $status";',
  'proxy_cache_key "$http_cookie";',
  'server_name app.example.com *.example.com ~^(?<a>.+)$;',
  'listen 443 ssl http2;',
  '# postern-doctor: allow PD001 because',
  'content_by_lua_block { local a = "}" --[[ } ]] }',
  'recursive_error_pages on;',
];
const blocks = [
  ...['http', 'server', 'location /', 'location = /auth', 'location ~ \\.php$', 'location @login'],
  ...[
    'if ($request_method = POST)',
    'map $http_upgrade $c',
    'limit_except GET',
    'upstream backend',
  ],
];
const words = [
  ...'{};"\'\\$()= \n~@^#',
  ...directives,
  ...blocks.map((one) => `${one} {\n`),
  '}\n',
];

/** What the messages of faults have in them. */
const faults = [
  ...['is missing', 'is not closed', 'closes nothing', 'stands without', 'nested', 'NUL byte'],
  ...['goes in a circle', 'include takes', 'no such file', 'follows a closing'],
];

/** A configuration of nginx, or the output of `nginx -T`: read, judged, and all reports written. */
export const nginx: Target = {
  seeds: [
    'http { server { location / { auth_request /auth; error_page 401 = @login; } location @login { return 302 /x; } location = /auth { internal; proxy_pass http://a; } } }',
    '# configuration file /etc/nginx/nginx.conf:\nhttp { include sub.conf; }\n# configuration file /etc/nginx/sub.conf:\nserver { listen 80; }\n',
    'nginx version: nginx/1.22.1\n',
    'a "b',
    'a {',
    'x_by_lua_block { ]] }',
  ],
  words,
  longest: 32_768,
  generate: (random) =>
    Array.from({ length: 1 + random.below(4) }, () => make(random, 0)).join('\n'),
  run(input) {
    // Files are read as UTF-8, which never gives half a character.
    const text = input.toWellFormed();
    findNginxVersion(text);
    try {
      const { directives: read } = parseFile({ name: 'site.conf', text });
      for (const { words: own, end } of read) {
        const [name] = own;
        expect(name !== undefined && name.start < end, 'a directive ends behind its name');
        expect(end <= text.length, 'a directive ends within the file');
      }
      const dump = readDump(text);
      const loaded = loadConfiguration(dump?.main ?? 'site.conf', dump?.files ?? filesWith(text));
      const examination = examine(loaded, '1.22.1');
      renderHuman(examination, { colour: false });
      JSON.stringify([toJson(examination), toSarif(examination, { version: '1', rules })]);
      renderPatch(examination.findings.flatMap(({ edits }) => edits));
      return `${examination.findings.length > 0 ? 'findings' : 'none'}, ${examination.guarded > 0 ? 'guarded' : 'open'}`;
    } catch (error) {
      if (!(error instanceof NginxSyntaxError)) throw error;
      expect(!error.message.includes('\n'), 'an error is one line', error.message);
      return faults.find((fault) => error.message.includes(fault)) ?? 'another fault';
    }
  },
};

function make(random: Random, depth: number): string {
  if (depth > 3 || random.oneIn(2)) return random.pick(directives);
  const inner = Array.from({ length: random.below(6) }, () => make(random, depth + 1));
  return `${random.pick(blocks)} {\n${inner.join('\n')}\n}`;
}

function filesWith(text: string) {
  const files: Record<string, string> = { 'site.conf': text, 'sub.conf': directives.join('\n') };
  return {
    read: (path: string) => (Object.hasOwn(files, path) ? files[path] : undefined),
    match: (pattern: string) =>
      Object.keys(files).filter(
        (name) => name !== 'site.conf' && matchesPath(posix.normalize(pattern), name),
      ),
  };
}
