import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { needProgram } from '../../../../scripts/programs.ts';
import {
  type Directive,
  NginxSyntaxError,
  parseFile,
} from '../../../../src/proxies/nginx/syntax/index.ts';
import { temporaryDirectory } from '../../../../testkit/directory.ts';
import { startTestNginx } from '../../../../testkit/nginx/nginx.ts';

type Tree = [name: string, ...args: string[]] | { [head: string]: Tree[] };

function toTree(directives: readonly Directive[]): Tree[] {
  return directives.map(({ name, args, block }) =>
    block === undefined
      ? [name, ...args]
      : { [[name, ...args].join(' ')]: toTree(block.directives) },
  );
}

function parse(text: string): readonly Directive[] {
  return parseFile({ name: 'nginx.conf', text }).directives;
}

const readings: readonly [what: string, text: string, expected: Tree[]][] = [
  ['words and blocks', 'a b c; d { e f; }', [['a', 'b', 'c'], { d: [['e', 'f']] }]],
  ['comments', 'a # b; {\n  b; # }\nc;', [['a', 'b'], ['c']]],
  ['a hash inside a word', 'a b#c;', [['a', 'b#c']]],
  ['both quotes', `a "b c" 'd;{}#' "";`, [['a', 'b c', 'd;{}#', '']]],
  ['a quote inside a word', `a b"c d;`, [['a', 'b"c', 'd']]],
  ['escaped quotes', `a "b\\"c" 'd\\'e';`, [['a', 'b"c', "d'e"]]],
  ['escapes of nginx and of others', 'a "b\\tc\\n\\\\d\\.e";', [['a', 'b\tc\n\\d\\.e']]],
  ['an escaped space', 'a b\\ c;', [['a', 'b\\ c']]],
  ['a brace behind a dollar sign', `a x\${b}y{c;}`, [Object.fromEntries([[`a x\${b}y`, [['c']]]])]],
  ['a brace behind a dollar sign, at the beginning', `a \${b};`, [['a', `\${b}`]]],
  ['a closing brace inside a word', 'a b}c;', [['a', 'b}c']]],
  [
    'a regular expression with braces in quotes',
    'location ~ "^/a{2}$" { }',
    [{ 'location ~ ^/a{2}$': [] }],
  ],
  ['no space before a brace', 'http{server{}}', [{ http: [{ server: [] }] }]],
  ['a quote at the end of a condition', 'if ($a = "") { b; }', [{ 'if ($a =  )': [['b']] }]],
  [
    'a map',
    'map $a $b { default 1; "~*^x$" 2; "" 3; }',
    [
      {
        'map $a $b': [
          ['default', '1'],
          ['~*^x$', '2'],
          ['', '3'],
        ],
      },
    ],
  ],
  ['types', 'types { text/html html htm; }', [{ types: [['text/html', 'html', 'htm']] }]],
  [
    'geo',
    'geo $a { ranges; 10.0.0.0-10.0.0.9 x; }',
    [{ 'geo $a': [['ranges'], ['10.0.0.0-10.0.0.9', 'x']] }],
  ],
  [
    'Lua',
    'content_by_lua_block { local s = "}" -- }\n if x then y = {1} end [[ } ]] --[=[ } ]=] } a;',
    [{ content_by_lua_block: [] }, ['a']],
  ],
  ['a byte order mark', '\ufeffa;', [['a']]],
  ['lines of Windows', 'a b;\r\nc;\r\n', [['a', 'b'], ['c']]],
  ['nothing', ' \n# only a comment', []],
];

for (const [what, text, expected] of readings) {
  test(`reads ${what}`, () => assert.deepEqual(toTree(parse(text)), expected));
}

const refusals: readonly [what: string, text: string, message: RegExp][] = [
  [
    'a block that is not closed',
    'http {\n  server {\n  }\n',
    /^nginx\.conf:1:1: the block "http" .* a "}" is missing/,
  ],
  ['a brace too many', 'a;\n}\n', /^nginx\.conf:2:1: this "}" closes nothing/],
  [
    'a missing semicolon at the end',
    'a b',
    /^nginx\.conf:1:3: a ";" is missing behind "b" \(directive "a"\)/,
  ],
  [
    'a missing semicolon before a brace',
    'a {\n  b c\n}',
    /^nginx\.conf:2:5: a ";" is missing behind "c"/,
  ],
  [
    'a quote that is not closed',
    'a b;\n  c "d;\n',
    /^nginx\.conf:2:5: the quotation mark " that opens here/,
  ],
  ['something behind a quote', 'a "b"c;', /^nginx\.conf:1:6: "c" follows a closing quotation mark/],
  ['a semicolon without a name', 'a;;', /^nginx\.conf:1:3: ";" stands without a name/],
  ['a block without a name', '{ }', /^nginx\.conf:1:1: "\{" stands without a name/],
  [
    'Lua that is not closed',
    'content_by_lua_block { "}" ',
    /^nginx\.conf:1:22: this block of Lua is not closed/,
  ],
  ['bytes that are no text', 'a;\n\u0000', /^nginx\.conf:2:1: this is not a text file/],
  ['blocks without end', 'a {'.repeat(5000), /more than 100 blocks are nested/],
];

for (const [what, text, message] of refusals) {
  test(`refuses ${what}, and says where`, () => {
    assert.throws(
      () => parse(text),
      (error) =>
        error instanceof NginxSyntaxError &&
        message.test(error.message) &&
        !error.message.includes('\n'),
    );
  });
}

test('knows line and column of every directive', () => {
  const [http] = parse('# first\nhttp {\n\tserver { listen 80; }\n}');
  const server = http?.block?.directives[0];
  assert.deepEqual(http?.place, { file: 'nginx.conf', line: 2, column: 1 });
  assert.deepEqual(server?.place, { file: 'nginx.conf', line: 3, column: 2 });
  assert.deepEqual(server?.block?.directives[0]?.place, {
    file: 'nginx.conf',
    line: 3,
    column: 11,
  });
});

test('nginx refuses the same texts', (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'nginx.conf');
  const passes = (text: string) => {
    writeFileSync(file, `events {}\nhttp { ${text}\n}`);
    const log = join(directory, 'error.log');
    return spawnSync(needProgram('nginx'), ['-t', '-q', '-c', file, '-e', log]).status === 0;
  };
  const texts: readonly [text: string, isGood: boolean][] = [
    ['map $uri $a { default "x;y" ; }', true],
    ['map $uri $a { default x"y ; }', true],
    [`map $uri $a { default \${uri}x; }`, true],
    ['map $uri $a { default "x"y; }', false],
    ['map $uri $a { default x }', false],
    ['map $uri $a { default "x; }', false],
    ['map $uri $a { default x; } }', false],
    ['map $uri $a { default x;; }', false],
    ['server { if ($uri = "") { return 404; } }', true],
    ['server { location ~ "^/a{2}$" { } }', true],
    ['server { location / { } ', false],
  ];
  for (const [text, isGood] of texts) {
    assert.equal(passes(text), isGood, `nginx on ${text}`);
    let read = true;
    try {
      parse(`events {}\nhttp { ${text}\n}`);
    } catch {
      read = false;
    }
    assert.equal(read, isGood, `the parser on ${text}`);
  }
});

test('takes words as nginx takes them, whatever is in the quotes', async (t) => {
  const piece = fc.constantFrom(
    ...[
      'a',
      ' ',
      '\\',
      '\\\\',
      '\\t',
      '\\n',
      '\\"',
      "\\'",
      ';',
      '{',
      '}',
      '#',
      'é',
      '=',
      '~',
      '\n',
      '/',
    ],
  );
  const word = fc.array(piece, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
  const isQuotable = (text: string) => /^(?:[^\\"']|\\[\s\S])*$/.test(text);
  const words = fc
    .sample(word.filter(isQuotable), { numRuns: 150, seed: 20261122 })
    .map((text, index) => (index % 2 === 0 ? `"${text}"` : `'${text}'`));
  const text = words.map((one, index) => `location = /${index} { return 200 ${one}; }`).join('\n');
  const nginx = await startTestNginx(t, {
    http: (port) => `server { listen 127.0.0.1:${port}; default_type text/plain; ${text} }`,
  });
  const read = parse(text).map(({ block }) => block?.directives[0]?.args[1] ?? '');
  for (const [index, expected] of read.entries()) {
    const response = await fetch(`http://127.0.0.1:${nginx.port}/${index}`);
    assert.equal(await response.text(), expected, words[index]);
  }
});
