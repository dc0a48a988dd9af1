import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderHuman } from '../../../src/doctor/config/report/human.ts';
import { toJson } from '../../../src/doctor/config/report/json.ts';
import {
  loadConfiguration,
  NginxSyntaxError,
  readDump,
} from '../../../src/proxies/nginx/syntax/index.ts';
import { examineText } from '../../../testkit/doctor/examine.ts';

/** A text gives a result or one clear error. */
function isBearable(text: string): void {
  try {
    const examination = examineText(text);
    renderHuman(examination, { colour: false });
    JSON.stringify(toJson(examination));
  } catch (error) {
    assert.ok(error instanceof NginxSyntaxError, String((error as Error).stack));
    assert.ok(!error.message.includes('\n'), error.message);
  }
}

test('any text gives a result or one clear error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), isBearable));
  const bits = fc.constantFrom(...'{};#"\'\\$()= \n~@^ab'.split(''));
  fc.assert(
    fc.property(
      fc.array(bits, { maxLength: 60 }).map((parts) => parts.join('')),
      isBearable,
    ),
    {
      numRuns: 2000,
    },
  );
});

const argument = fc.constantFrom(
  ...[
    '/',
    '/a',
    '=',
    '~',
    '~*',
    '^~',
    '@a',
    '@b',
    'off',
    'on',
    '401',
    '=200',
    '=',
    '=302',
    '$a',
    '$http_upgrade',
  ],
  ...[
    `"\${b}x"`,
    '""',
    '(a',
    '($a',
    '~',
    '^(.*)$)',
    'http://b',
    'last',
    'break',
    'all',
    'any',
    '200',
    '418',
    'x y',
  ],
  ...[
    'Upgrade',
    'Connection',
    '(',
    '[',
    '$upstream_http_remote_user',
    '1.1',
    'inf',
    '-1',
    '99999999999999999999',
  ],
);
const name = fc.constantFrom(
  ...[
    'auth_request',
    'error_page',
    'proxy_pass',
    'proxy_set_header',
    'return',
    'rewrite',
    'set',
    'try_files',
  ],
  ...[
    'internal',
    'satisfy',
    'allow',
    'deny',
    'auth_basic',
    'auth_request_set',
    'add_header',
    'include',
    'listen',
  ],
  ...[
    'proxy_cache',
    'proxy_cache_key',
    'access_log',
    'log_format',
    'recursive_error_pages',
    'proxy_read_timeout',
  ],
  ...[
    'server_name',
    'proxy_http_version',
    'underscores_in_headers',
    'keepalive',
    'break',
    'default',
    'js_content',
  ],
);
const blockName = fc.constantFrom(
  ...['http', 'server', 'location', 'if', 'map', 'upstream', 'limit_except', 'geo', 'types'],
);

const { directive } = fc.letrec<{ directive: string }>((tie) => ({
  directive: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc
      .tuple(name, fc.array(argument, { maxLength: 4 }))
      .map(([head, args]) => `${[head, ...args].join(' ')};`),
    fc
      .tuple(
        blockName,
        fc.array(argument, { maxLength: 3 }),
        fc.array(tie('directive'), { maxLength: 6 }),
      )
      .map(([head, args, inner]) => `${[head, ...args].join(' ')} {\n${inner.join('\n')}\n}`),
  ),
}));

test('any heap of directives gives a result or one clear error', () => {
  fc.assert(
    fc.property(fc.array(directive, { maxLength: 12 }), (parts) => isBearable(parts.join('\n'))),
    { numRuns: 1500 },
  );
  const site = fc.array(directive, { maxLength: 14 }).map((parts) => {
    const text = parts.join('\n');
    return `map $http_upgrade $a { default $b; ~x $c; }\nserver {\n location /auth { proxy_pass http://a; }\n location / { auth_request /auth; ${text} }\n location @a { ${text} }\n ${text} }`;
  });
  fc.assert(fc.property(site, isBearable), { numRuns: 1500 });
});

test('any output that looks like that of nginx -T gives a result or one clear error', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '# configuration file a:',
      '# configuration file /b/c:',
      '# configuration file :',
    ),
    fc.constantFrom(
      'include a;',
      'include /b/*;',
      'include c;',
      'x {',
      '}',
      'nginx version: nginx/1.2.3',
    ),
    directive,
  );
  const property = fc.property(fc.array(part, { maxLength: 12 }), (lines) => {
    const dump = readDump(lines.join('\n'));
    try {
      if (dump !== undefined) loadConfiguration(dump.main, dump.files);
    } catch (error) {
      assert.ok(error instanceof NginxSyntaxError, String((error as Error).stack));
    }
  });
  fc.assert(property, { numRuns: 1000 });
});
