import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { needProgram } from '../../../../scripts/programs.ts';
import { tryHandshake } from '../../../../src/demo/client.ts';
import {
  codesOf,
  type ExampleSite,
  examineFiles,
  goodCookie,
  proveRule,
  readExample,
} from '../../../support/doctor.ts';
import { temporaryDirectory } from '../../../support/postern.ts';

const seenAt = async (site: ExampleSite, path: string) =>
  (await tryHandshake(`${site.socketUrl}${path}`, goodCookie)).seen;

proveRule('PD041', {
  wrong: async (site) => {
    assert.equal((await seenAt(site, '/ws'))?.headers.host, `127.0.0.1:${site.backend.port}`);
  },
  right: async (site) => assert.equal((await seenAt(site, '/ws'))?.headers.host, '127.0.0.1'),
});

proveRule('PD042', {
  wrong: async (site) => assert.equal((await seenAt(site, '/ws?transport=x'))?.url, '/ws'),
  right: async (site) => {
    assert.equal((await seenAt(site, '/ws?transport=x'))?.url, '/ws?transport=x');
  },
});

proveRule('PD043', {
  wrong: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, goodCookie)).status, 308);
  },
  right: async (site) => {
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`)).status, 401);
  },
});

test('PD044 is found in its wrong example, which nginx refuses, and not in the right one, which it takes', (t) => {
  const refuse = (heading: 'Wrong' | 'Right') => {
    const files = readExample('PD044', heading);
    const directory = temporaryDirectory(t);
    const main = join(directory, 'nginx.conf');
    const text = (files['site.conf'] ?? '').replace('listen 80', 'listen 127.0.0.1:1');
    const whole = `pid ${directory}/pid; error_log stderr; events {} http { access_log off; ${text} }`;
    writeFileSync(main, whole);
    const { status, stderr } = spawnSync(needProgram('nginx'), ['-t', '-c', main], {
      encoding: 'utf8',
    });
    const { findings } = examineFiles({ ...files, 'site.conf': whole });
    return { status, stderr, codes: codesOf(findings.filter(({ code }) => code === 'PD044')) };
  };
  const wrong = refuse('Wrong');
  assert.match(wrong.stderr, /\[emerg\] .*unknown "connection_upgrade" variable/);
  assert.deepEqual([wrong.status, wrong.codes], [1, ['PD044 fault']]);
  const right = refuse('Right');
  assert.ok(!right.stderr.includes('unknown'), right.stderr);
  assert.deepEqual(right.codes, []);
});

proveRule('PD045', {
  wrong: async (site) =>
    assert.equal((await seenAt(site, '/ws'))?.headers['remote-user'], undefined),
  right: async (site) => assert.equal((await seenAt(site, '/ws'))?.headers['remote-user'], 'alice'),
});

/** Uploads more than the default limit. */
async function upload(site: ExampleSite): Promise<number> {
  const body = Buffer.alloc(2 * 1024 * 1024);
  const { status } = await fetch(site.url, { method: 'POST', body, headers: goodCookie });
  return status;
}

proveRule('PD046', {
  wrong: async (site) => assert.equal(await upload(site), 500),
  right: async (site) => assert.equal(await upload(site), 200),
});
