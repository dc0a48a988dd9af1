import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { severities } from '../../../src/doctor/config/finding.ts';
import { rules } from '../../../src/doctor/config/rules/index.ts';
import { packageRoot } from '../../../src/lib/resources.ts';
import { codesOf, examineFiles, examineText } from '../../../testkit/doctor/examine.ts';
import { readExample, readPage } from '../../../testkit/doctor/pages.ts';

const codes = rules.map(({ code }) => code);

test('codes are numbered without gaps, in order', () => {
  assert.deepEqual(
    codes,
    rules.map((_rule, index) => `PD${String(index + 1).padStart(3, '0')}`),
  );
});

test('every rule has a page with its title, and every page a rule', () => {
  for (const { code, title } of rules) {
    assert.equal(readPage(code).split('\n')[0], `# ${code}: ${title}`);
  }
  const pages = globSync('PD*.md', { cwd: join(packageRoot, 'docs/doctor') }).sort();
  assert.deepEqual(
    pages,
    codes.map((code) => `${code}.md`),
  );
});

test('links between the pages lead somewhere', () => {
  const pages = globSync('*.md', { cwd: join(packageRoot, 'docs/doctor') });
  for (const page of pages) {
    const text = readFileSync(join(packageRoot, 'docs/doctor', page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(pages.includes(target), `${page} links to ${target}`);
    }
  }
  assert.ok(pages.length > 20);
});

test('every rule is proved in a real nginx', () => {
  const directory = join(import.meta.dirname, 'rules');
  const proofs = globSync('*.test.ts', { cwd: directory })
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .join('');
  assert.deepEqual(
    codes.filter((code) => !proofs.includes(`proveRule('${code}'`)),
    ['PD026', 'PD044'],
    'these have tests of their own: nginx does not start with their examples',
  );
});

test('findings have the severities their rule names', () => {
  const named = new Map<string, readonly string[]>(
    rules.map(({ code, severities }) => [code, severities]),
  );
  for (const { code, severities: own } of rules) {
    assert.deepEqual(
      own.map((one) => severities.indexOf(one)),
      own.map((one) => severities.indexOf(one)).sort(),
    );
    for (const one of examineFiles(readExample(code, 'Wrong')).findings) {
      assert.ok(named.get(one.code)?.includes(one.severity), `${one.code} ${one.severity}`);
      assert.ok(one.meaning.endsWith('.') && one.change !== '' && one.about.length > 0, one.code);
    }
  }
});

test('a comment silences one rule on its line and the next, and has to give a reason', () => {
  const [text = ''] = Object.values(readExample('PD001', 'Wrong'));
  const judge = (comment: string) =>
    examineText(text.replace(/( *)error_page/, `$1${comment}\n$1error_page`));
  const silenced = judge('# postern-doctor: allow PD001 only pages come here');
  assert.deepEqual(
    codesOf(silenced.findings).filter((one) => one.startsWith('PD001')),
    [],
  );
  assert.deepEqual(
    silenced.allowed.map(({ reason }) => reason),
    ['only pages come here'],
  );
  assert.deepEqual(silenced.idle, []);
  for (const comment of [
    '# postern-doctor: allow PD001',
    '# postern-doctor: allow PD002 another rule',
    '# postern-doctor: allow PD001 too far away\n',
  ]) {
    const { findings, idle } = judge(comment);
    assert.ok(codesOf(findings).includes('PD001 fault'), comment);
    assert.equal(idle.length, 1, comment);
  }
  const sameLine = text.replace(/(error_page .*;)/, '$1 # postern-doctor: allow PD001 only pages');
  assert.equal(examineText(sameLine).allowed.length, 1);
});

test('the time it takes grows with the lines and not with their square', () => {
  const [text = ''] = Object.values(readExample('PD006', 'Wrong'));
  const [, server = ''] = /^(server \{.*^\})/ms.exec(text) ?? [];
  const lines = server.split('\n').length;
  const measure = (wanted: number) => {
    const many = `${text}${`${server}\n`.repeat(Math.round(wanted / lines))}`;
    const start = process.cpuUsage().user;
    assert.ok(examineText(many).locations > wanted / lines);
    return process.cpuUsage().user - start;
  };
  measure(5_000);
  const [few, many] = [Math.min(measure(5_000), measure(5_000)), measure(50_000)];
  assert.ok(many < 40 * few, `ten times the lines took ${Math.round(many / few)} times as long`);
});
