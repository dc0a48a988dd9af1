import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needProgram } from '../../scripts/programs.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { openBridge, outcomeOf, type TestBridge } from './fixture.ts';

const session = 'a'.repeat(64);
const cookie = `theme=dark; lemonldap=${session}`;

/**
 * A sign-on service that many people run and nobody here wrote: the handler of LemonLDAP::NG, which
 * answers nginx's auth_request, with one application and with Alice logged in.
 */
async function startLemonldap(t: TestContext): Promise<TestBridge> {
  const directory = temporaryDirectory(t);
  const sessions = join(directory, 'sessions');
  mkdirSync(join(sessions, 'lock'), { recursive: true });
  const now = Math.floor(Date.now() / 1_000);
  const write = (name: string, value: unknown) =>
    writeFileSync(join(directory, name), JSON.stringify(value));
  write('lmConf-1.json', {
    cfgNum: 1,
    cfgDate: now,
    key: 'a key for tests only',
    domain: 'example.com',
    https: 1,
    portal: 'https://auth.example.com/',
    cookieName: 'lemonldap',
    whatToTrace: 'uid',
    localSessionStorage: '',
    globalStorage: 'Apache::Session::File',
    globalStorageOptions: { Directory: sessions, LockDirectory: join(sessions, 'lock') },
    locationRules: {
      'app.example.com': { default: 'accept', '^/root': '$uid eq "root"', '^/closed': 'deny' },
    },
    exportedHeaders: {
      'app.example.com': { 'Auth-Mail': '$mail', 'Auth-Name': '$cn', 'Auth-Groups': '$groups' },
    },
  });
  write(join('sessions', session), {
    _session_id: session,
    _session_kind: 'SSO',
    _utime: now,
    uid: 'alice',
    cn: 'Alice Example',
    mail: 'alice@example.com',
    groups: 'admins; users',
    authenticationLevel: 2,
  });
  const settings = join(directory, 'lemonldap-ng.ini');
  writeFileSync(
    settings,
    `[all]\nlogLevel = error\n[configuration]\ntype = File\ndirName = ${directory}\n[handler]\nstatus = 0\n`,
  );
  const child = spawn(needProgram('lemonldap'), [join(packageRoot, 'test/sign-on/lemonldap.pl')], {
    env: {
      LLNG_DEFAULTCONFFILE: settings,
      LLNG_DEFAULTLOGGER: 'Lemonldap::NG::Common::Logger::Std',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || !child.kill('SIGKILL')) return undefined;
    return ended;
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk).trim()));
    child.once('exit', () => reject(new Error(`LemonLDAP::NG did not start: ${errors}`)));
  });
  return openBridge(t, {
    service: 'custom',
    url: `http://127.0.0.1:${port}`,
    timeout: 20_000,
    cookies: ['lemonldap'],
    answerHeaders: {
      subject: 'lm-remote-user',
      email: 'auth-mail',
      name: 'auth-name',
      groups: 'auth-groups',
      groupsSeparator: ';',
    },
    custom: {
      path: '/lmauth',
      requestHeaders: { host: ['Host'], uri: ['X-Original-URI'] },
      loginHeader: 'location',
    },
  });
}

test('LemonLDAP::NG says who it is, who may not, and where to log in', async (t) => {
  const bridge = await startLemonldap(t);
  const found = await bridge.about({ cookie });
  assert.equal(outcomeOf(found), 'alice');
  assert.deepEqual('claims' in found && found.claims, {
    email: 'alice@example.com',
    name: 'Alice Example',
    groups: ['admins', 'users'],
  });
  for (const path of ['/root', '/closed']) {
    assert.equal(outcomeOf(await bridge.about({ cookie, path })), 'sign_on_forbidden');
  }
  // An application that it does not know.
  const elsewhere = await bridge.about({ cookie, host: 'other.example.com' });
  assert.equal(outcomeOf(elsewhere), 'sign_on_forbidden');
  for (const stranger of [undefined, 'lemonldap=', `lemonldap=${'b'.repeat(64)}`]) {
    const denied = await bridge.about({ cookie: stranger, query: 'a=1&token=S3cret' });
    assert.equal(outcomeOf(denied), 'sign_on_denied');
    const login = new URL(('login' in denied && denied.login) || '');
    assert.equal(login.origin, 'https://auth.example.com');
    const back = Buffer.from(login.searchParams.get('url') ?? '', 'base64').toString();
    assert.match(back, /^https:\/\/app\.example\.com.*\/socket\?a=1$/);
  }
  assert.deepEqual(bridge.reports, []);
});
