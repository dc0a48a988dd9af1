import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openInherited } from '../../../seam/inherited/bench.ts';
import { inheritedDirectives } from '../../../src/proxies/nginx/inherited-directives.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { type KnownDirective, readDirectives } from '../../../testkit/nginx/directives.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { createRandom } from '../../../testkit/random.ts';

/** May stand anywhere, and a location inherits nothing of it. */
const notInherited: ReadonlySet<string> = new Set(['include']);

/** Modules that a program need not have been built with. */
const optional: ReadonlySet<string> = new Set([
  ...['addition', 'dav', 'degradation', 'gunzip', 'gzip_static', 'image_filter', 'mp4', 'slice'],
  ...['stub_status', 'sub', 'xslt'],
  ...['auth_jwt', 'brotli', 'headers-more', 'lua', 'modsecurity', 'njs', 'set-misc'],
]);

const contexts = ['http', 'server', 'location'] as const;
const contextsOf = (directive: KnownDirective) => contexts.filter((name) => directive[name]);

/** What `nginx -v` says, so that it can be compared. */
function versionOf(program: string): number {
  const { stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' });
  return versionNumber(/nginx\/([\d.]+)/.exec(stderr)?.[1] ?? '');
}

const versionNumber = (version: string) =>
  version.split('.').reduce((sum, part) => sum * 1_000 + Number(part), 0);

for (const { name: nginx, program } of nginxPrograms) {
  const all = readDirectives(program);
  const inherited = all.filter(
    ({ name, http, server, location }) => location && (http || server) && !notInherited.has(name),
  );

  test(`${nginx}: every directive that a location can get from around it is in the list, as the program has it`, () => {
    const listed = new Map(inheritedDirectives.map((directive) => [directive.name, directive]));
    assert.ok(inherited.length > 400);
    for (const directive of inherited) {
      const known = listed.get(directive.name);
      assert.ok(known, `${directive.name} is not in src/proxies/nginx/inherited`);
      assert.deepEqual(contextsOf(directive), known.contexts, directive.name);
    }
  });

  test(`${nginx}: the program knows every directive of the list that it must know`, () => {
    const version = versionOf(program);
    const known = new Set(all.map(({ name }) => name));
    const modules = new Set(
      inheritedDirectives.filter(({ name }) => known.has(name)).map(({ module }) => module),
    );
    for (const { name, module, since = '0' } of inheritedDirectives) {
      if (versionNumber(since) > version) continue;
      if (optional.has(module) && !modules.has(module)) continue;
      // The wheels and packages of others have parts of a module's history only.
      if (module === 'lua' || module === 'headers-more' || module === 'njs') continue;
      assert.ok(known.has(name), `${program} does not know ${name}`);
    }
  });

  test(`${nginx}: what is read out of the program is what nginx -t says`, (t) => {
    const directory = temporaryDirectory(t);
    const file = join(directory, 'nginx.conf');
    const complaint = (text: string) => {
      writeFileSync(file, `events {} http { ${text} }`);
      const args = ['-t', '-p', directory, '-c', file, '-e', 'stderr'];
      return spawnSync(program, args, { encoding: 'utf8' }).stderr;
    };
    const around = {
      http: (line: string) => line,
      server: (line: string) => `server { ${line} }`,
      location: (line: string) => `server { location / { ${line} } }`,
    };
    for (const name of [
      'error_page',
      'proxy_set_body',
      'rewrite',
      'try_files',
      'max_ranges',
      'listen',
    ]) {
      const mays = all.filter((directive) => directive.name === name);
      for (const context of contexts) {
        const may = mays.some((directive) => directive[context]);
        // Without arguments nginx refuses it anyway, and says why.
        const refused = /is not allowed here/.test(complaint(around[context](`${name};`)));
        assert.equal(refused, !may, `${name} in ${context}`);
      }
    }
    assert.match(complaint('proxy_set_bodies;'), /unknown directive/);
    assert.ok(!all.some(({ name }) => name === 'proxy_set_bodies'));
  });

  test(`${nginx}: whatever stands around the files, a request passes by Postern’s word alone`, async (t) => {
    const bench = await openInherited({ program });
    t.after(() => bench.close());
    for (const findings of [await bench.tryKnown(), await bench.run(createRandom(1), 120)]) {
      assert.deepEqual(
        findings.broken.map(({ words }) => words),
        [],
      );
    }
  });
}

test('a line that is taken out of the files is missed: each hole that there was is found', async (t) => {
  const [{ program }] = nginxPrograms;
  const bench = await openInherited({ program });
  t.after(() => bench.close());
  await bench.check();
});
