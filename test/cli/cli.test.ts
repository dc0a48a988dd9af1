import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Check, type XSchema } from 'typebox/schema';
import { parse } from 'yaml';
import { type ListenAddress, renderListenAddress } from '../../src/config/listen-address.ts';
import { loadConfig } from '../../src/config/load.ts';
import { version } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { ask, handshakeHeaders } from '../../testkit/postern/ask.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';
import { programEnvironment, startTestProgram } from '../../testkit/postern/program.ts';

const secretForm = /^pst_[0-9A-Za-z]{49}\n$/;

describe('the command line', { concurrency: 4 }, () => {
  const wrong: readonly [
    code: number,
    args: string,
    stderr: RegExp,
    settings?: Record<string, string>,
  ][] = [
    [1, 'token show tok_nobody --store', /No token has this id \(token_not_found\)/],
    [1, 'token issue alice --gate UPPER --store', /gates\.0: must be a gate name/],
    [1, 'ticket issue alice --expires-in never --store', /a ticket must expire/],
    [2, '', /Usage: postern/],
    [2, 'nonsense', /unknown command 'nonsense'/],
    [2, 'token issue --store', /missing required argument 'subject'/],
    [2, 'token revoke --store', /name tokens by id, or all of a --subject or --gate/],
    [3, 'config check --config missing.yaml', /missing\.yaml: cannot be read: ENOENT/],
    [3, 'serve', /POSTERN_LOG_LVL: unknown variable/, { POSTERN_LOG_LVL: 'info' }],
    [
      3,
      'serve',
      /at most 124 bits of entropy/,
      { POSTERN_ADMIN_KEY: '0123456789abcde'.repeat(3).slice(14) },
    ],
    [4, 'token list', /no admin key: set POSTERN_ADMIN_KEY/, { POSTERN_ADMIN_KEY: '' }],
    [4, 'token list', /cannot reach Postern at unix:.*admin\.sock/],
    [4, 'token list --url ftp://127.0.0.1', /"ftp:\/\/127\.0\.0\.1" is not an http or https URL/],
  ];

  for (const [code, args, stderr, settings] of wrong) {
    const variables = Object.keys(settings ?? {}).map((name) => ` with ${name}`);
    test(`"postern ${args}"${variables} ends with ${code} and says why`, async (t) => {
      const { env } = programEnvironment(t, settings);
      const ended = await runCommand(args.split(' ').filter(Boolean), env);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, stderr);
      assert.equal(ended.stdout, '');
      assert.doesNotMatch(ended.stderr, /^ {4}at /m);
      assert.ok(!ended.stderr.includes(env.POSTERN_ADMIN_KEY || adminKey));
    });
  }

  test('every command says how it is used, with an example', async () => {
    const seen: string[] = [];
    const visit = async (path: string[]): Promise<void> => {
      const help = succeeded(await runCommand([...path, '--help']));
      const commands = [...(help.split(/^Commands:$/m)[1] ?? '').matchAll(/^ {2}([a-z-]+)/gm)];
      const below = commands.map(([, name]) => name as string).filter((name) => name !== 'help');
      assert.ok(help.includes(`Usage: ${['postern', ...path].join(' ')}`), help);
      if (below.length === 0) {
        seen.push(path.join(' '));
        const example = new RegExp(`^ {2}.*\\bpostern ${path.join(' ')}`, 'm');
        assert.match(help.split(/^Examples?:$/m)[1] ?? '', example, path.join(' '));
      }
      await Promise.all(below.map((name) => visit([...path, name])));
    };
    await visit([]);
    for (const command of ['serve', 'token issue', 'ticket issue', 'config show', 'healthcheck']) {
      assert.ok(seen.includes(command), `${command} is listed`);
    }
  });

  test('the help names the exit codes', async () => {
    const help = succeeded(await runCommand(['--help'])).replace(/\s+/g, ' ');
    const codes =
      'Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 wrong configuration, 4 the service';
    assert.ok(help.includes(codes), help);
    assert.equal(succeeded(await runCommand(['--version'])), `${version}\n`);
  });

  test('tokens are issued, listed, shown and revoked, and the gate obeys', async (t) => {
    const { env } = programEnvironment(t);
    const { gate } = await startTestProgram(t, { env });
    const postern = async (...args: string[]) => {
      const ended = await runCommand(args, env);
      assert.equal(ended.code, 0, ended.stderr);
      return ended;
    };

    const issued = await postern(
      ...['token', 'issue', 'alice', '--label', 'laptop', '--gate', 'default'],
      ...['--claim', 'email=a@example.com', '--claim', 'groups=["x","y"]'],
    );
    assert.match(issued.stdout, secretForm);
    const token = issued.stdout.trim();
    const id = issued.stderr.match(/^id +(tok_[0-9A-Za-z]{17})$/m)?.[1] ?? '';
    assert.ok(!issued.stderr.includes(token));
    assert.equal(await knock(gate, token), 'welcome alice');

    const { stdout: ticket } = await postern('ticket', 'issue', 'bob', '--expires-in', '1m');
    assert.match(ticket, secretForm);
    assert.equal(await knock(gate, ticket.trim()), 'welcome bob');
    assert.equal(await knock(gate, ticket.trim()), '401 already_used');

    const carols = JSON.parse((await postern('token', 'issue', 'carol', '--json')).stdout);
    assert.equal(await knock(gate, carols.token), 'welcome carol');

    const { stdout: shown } = await postern('token', 'show', id);
    for (const line of [
      /^subject +alice$/m,
      /^label +laptop$/m,
      /^gates +default$/m,
      /^state +active$/m,
      /^uses +not counted$/m,
      /^claims +\{"email":"a@example.com","groups":\["x","y"\]\}$/m,
    ]) {
      assert.match(shown, line);
    }

    assert.equal((await postern('token', 'revoke', id)).stdout, `${id} revoked\n`);
    assert.equal(await knock(gate, token), '401 revoked');

    const list = async (...args: string[]) => {
      const { stdout } = await postern('token', 'list', '--json', '--limit', '2', ...args);
      const { tokens, next_cursor } = JSON.parse(stdout);
      const rows = tokens.map(({ subject, state }: Record<string, string>) => [subject, state]);
      return { rows, next_cursor };
    };
    const first = await list();
    assert.deepEqual(first.rows, [
      ['carol', 'active'],
      ['bob', 'used'],
    ]);
    assert.deepEqual(await list('--cursor', first.next_cursor), {
      rows: [['alice', 'revoked']],
      next_cursor: null,
    });

    const bySubject = await postern('token', 'revoke', '--subject', 'carol');
    assert.equal(bySubject.stdout, '1 token revoked\n');
    assert.equal(await knock(gate, carols.token), '401 revoked');

    const { stdout: table } = await postern('token', 'list', '--state', 'revoked');
    assert.match(table, /^ID +KIND +SUBJECT +GATES +STATE +EXPIRES +USES +LAST USED +LABEL\n/);
    assert.deepEqual(table.match(/alice|bob|carol/g), ['carol', 'alice']);
  });

  test('--store does the same without an admin key, beside a service that runs', async (t) => {
    const { env } = programEnvironment(t);
    const { gate } = await startTestProgram(t, { env });
    const postern = async (...args: string[]) =>
      succeeded(await runCommand([...args, '--store'], { ...env, POSTERN_ADMIN_KEY: '' }));

    const token = await postern('token', 'issue', 'alice');
    assert.match(token, secretForm);
    assert.equal(await knock(gate, token.trim()), 'welcome alice');
    const { tokens } = JSON.parse(await postern('token', 'list', '--json'));
    assert.deepEqual(
      tokens.map(({ subject }: { subject: string }) => subject),
      ['alice'],
    );
    assert.equal(await postern('token', 'revoke', tokens[0].id), `${tokens[0].id} revoked\n`);
    assert.equal(await knock(gate, token.trim()), '401 revoked');

    const ticket = await postern('ticket', 'issue', 'bob');
    assert.equal(await knock(gate, ticket.trim()), 'welcome bob');
    assert.equal(await knock(gate, ticket.trim()), '401 already_used');
  });

  test('a service at another address is reached with --url, and wants its own key', async (t) => {
    const { env } = programEnvironment(t, { POSTERN_ADMIN_LISTEN: '127.0.0.1:0' });
    const url = `http://${renderListenAddress((await startTestProgram(t, { env })).admin)}/`;
    const issue = (key: string) =>
      runCommand(['token', 'issue', 'alice', '--url', url], { POSTERN_ADMIN_KEY: key });
    assert.match(succeeded(await issue(adminKey)), secretForm);
    const refused = await issue(`${adminKey}x`);
    assert.equal(refused.code, 1);
    assert.equal(refused.stdout, '');
    assert.match(refused.stderr, /POSTERN_ADMIN_KEY .* does not hold the key of this service/);
  });

  test('control characters in claims are shown, not obeyed', async (t) => {
    const { env } = programEnvironment(t);
    const claim = 'name=\u009b31mred\u001b[0m';
    const issued = await runCommand(['token', 'issue', 'alice', '--store', '--claim', claim], env);
    assert.match(succeeded(issued), secretForm);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get out.
    assert.doesNotMatch(issued.stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    assert.match(issued.stderr, /31mred/);
  });

  test('a subject with white space around it, which backends take for another, is refused', async (t) => {
    const { env } = programEnvironment(t);
    const issue = (subject: string) => runCommand(['token', 'issue', subject, '--store'], env);
    for (const subject of [' admin', '\u00a0admin']) {
      const { code, stdout } = await issue(subject);
      assert.deepEqual({ subject, code, stdout }, { subject, code: 1, stdout: '' });
    }
    assert.match(succeeded(await issue('Ann Lee')), secretForm);
  });
});

describe('postern config', { concurrency: 4 }, () => {
  test('check counts what was set, or lists every problem', async (t) => {
    const cwd = temporaryDirectory(t);
    writeFileSync(join(cwd, 'postern.yaml'), 'log:\n  level: warn\n');
    const good = await runCommand(['config', 'check'], { POSTERN_DATA_DIR: '/srv' }, { cwd });
    assert.match(succeeded(good), /^The configuration is valid \(2 of \d+ settings are not the/);
    writeFileSync(join(cwd, 'postern.yaml'), 'log:\n  level: loud\ngates:\n');
    const bad = await runCommand(['config', 'check'], { POSTERN_ADMIN_KEY: 'short' }, { cwd });
    assert.equal(bad.code, 3);
    assert.deepEqual(bad.stderr.split('\n').slice(1, -1).sort(), [
      '  POSTERN_ADMIN_KEY: admin.key: the key has at most 0 bits of entropy; 128 are required. Make one with: openssl rand -base64 32',
      '  postern.yaml:2:3: log.level: must be one of debug, info, warn, error, silent',
      '  postern.yaml:3:1: gates: is empty: add at least one item, or omit the setting',
    ]);
  });

  test('show prints a file that means the same, with the origin of each value', async (t) => {
    const file = join(temporaryDirectory(t), 'mine.yaml');
    writeFileSync(
      file,
      'gate:\n  listen: unix:/run/gate.sock\ndefault_gate:\n  origins: ["null"]\n',
    );
    const args = ['config', 'show', '--config', file];
    const shown = succeeded(await runCommand(args, { POSTERN_LOG_LEVEL: 'warn' }));
    for (const line of [
      'data_dir: ./data # default',
      `  listen: unix:/run/gate.sock # ${file}`,
      '  level: warn # POSTERN_LOG_LEVEL',
    ]) {
      assert.ok(shown.split('\n').includes(line), shown);
    }
    const again = join(temporaryDirectory(t), 'again.yaml');
    writeFileSync(again, shown);
    const values = (file: string, env = {}) =>
      loadConfig({ file, env }).effective.map(({ path, value }) => [path, value]);
    assert.deepEqual(values(again), values(file, { POSTERN_LOG_LEVEL: 'warn' }));
  });

  test('show masks the admin key, wherever it comes from', async (t) => {
    const file = join(temporaryDirectory(t), 'postern.yaml');
    writeFileSync(file, `admin:\n  key: ${adminKey}\n`);
    const fromFile = await runCommand(['config', 'show', '--config', file]);
    assert.match(succeeded(fromFile), new RegExp(`^  key: "?\\*{8}"? # ${file}$`, 'm'));
    const asJson = await runCommand(['config', 'show', '--json'], { POSTERN_ADMIN_KEY: adminKey });
    const settings: { path: string }[] = JSON.parse(succeeded(asJson));
    assert.deepEqual(
      settings.find(({ path }) => path === 'admin.key'),
      { path: 'admin.key', value: '********', from: 'POSTERN_ADMIN_KEY' },
    );
    for (const { stdout, stderr } of [fromFile, asJson]) {
      assert.ok(!(stdout + stderr).includes(adminKey.slice(8)));
    }
  });

  test('schema is a JSON Schema that agrees with the program about files', async (t) => {
    const schema: XSchema & { $schema: string } = JSON.parse(
      succeeded(await runCommand(['config', 'schema'])),
    );
    assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
    const good = [
      '{}',
      'data_dir: /srv',
      'gate: {listen: "127.0.0.1:0", trusted_proxies: [private]}',
      `admin: {key: ${adminKey}}`,
      'default_gate: {sources: [query], cookies: [__Host-t], query: [t], origins: [same, "null"]}',
      'tokens: {default_ttl: 1h, max_ttl: 30d, retention: 0s}',
      'log: {level: silent, format: pretty}',
    ];
    const bad = [
      'data_dir: ""',
      'data_dir: 5',
      'data_dirs: /srv',
      'gate: []',
      'gate: {listens: a}',
      'gate: {trusted_proxies: []}',
      'gate: {trusted_proxies: loopback}',
      'gate: {trusted_proxies: [5]}',
      'default_gate: {sources: [header]}',
      'default_gate: {sources: [query, query]}',
      'default_gate: {cookies: [a b]}',
      'default_gate: {query: ["a&b"]}',
      'tokens: {default_ttl: 1y}',
      'tokens: {default_ttl: 3600}',
      'tickets: {max_ttl: ""}',
      'log: {level: verbose}',
    ];
    const file = join(temporaryDirectory(t), 'postern.yaml');
    for (const yaml of [...good, ...bad]) {
      writeFileSync(file, yaml);
      const load = () => loadConfig({ file, env: {} });
      if (good.includes(yaml)) load();
      else assert.throws(load, yaml);
      assert.equal(Check(schema, parse(yaml)), good.includes(yaml), yaml);
    }
  });
});

/** Shows a token at the gate, and tells how that went. */
async function knock(gate: ListenAddress, token: string): Promise<string> {
  const answer = await ask(gate, { ...handshakeHeaders, 'x-original-uri': `/?token=${token}` });
  return answer.status === 200
    ? `welcome ${answer.headers['remote-user']}`
    : `${answer.status} ${answer.reason}`;
}
