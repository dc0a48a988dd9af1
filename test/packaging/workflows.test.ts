import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { packageRoot } from '../../src/lib/resources.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly environment?: string;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*.yml', { cwd: packageRoot }).sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(packageRoot, file), 'utf8')]));
const workflows = files.map((file) => {
  const document = parseDocument(texts.get(file) ?? '');
  assert.deepEqual([document.errors, document.warnings], [[], []], file);
  return { file, workflow: document.toJS() as Workflow };
});
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ where: `${file}: ${name}`, job })),
);

/** Who may write what. Everything else is read-only or not there. */
const writers: Readonly<Record<string, readonly string[]>> = {
  '.github/workflows/codeql.yml: analyse': ['security-events'],
  '.github/workflows/scorecard.yml: scorecard': ['security-events', 'id-token'],
  '.github/workflows/publish.yml: publish': ['contents', 'id-token', 'attestations'],
};

test('workflows begin without rights, and each job has what the table says', () => {
  assert.equal(workflows.length, 4);
  for (const { file, workflow } of workflows) {
    const rights = Object.values(workflow.permissions ?? { all: 'write' });
    assert.ok(
      rights.every((right) => right === 'read'),
      file,
    );
  }
  for (const { where, job } of jobs) {
    const written = Object.entries(job.permissions ?? {}).filter(([, right]) => right !== 'read');
    assert.deepEqual(
      written,
      (writers[where] ?? []).map((name) => [name, 'write']),
      where,
    );
    assert.ok(job['timeout-minutes'], `${where} has an end`);
  }
});

test('every action is pinned to a commit, with its version beside it, one for all', () => {
  const pins = new Map<string, string>();
  let found = 0;
  for (const [file, text] of texts) {
    for (const [line, used = ''] of text.matchAll(/^.*\buses: (.*)$/gm)) {
      const [, repository = '', commit = ''] =
        /^([\w-]+\/[\w-]+)(?:\/[\w-]+)?@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/.exec(used) ?? [];
      assert.ok(commit, `${file}: ${line.trim()}`);
      assert.equal(pins.get(repository) ?? commit, commit, `${file}: ${repository}`);
      pins.set(repository, commit);
      found++;
    }
  }
  assert.equal(found, jobs.flatMap(({ job }) => job.steps).filter(({ uses }) => uses).length);
});

test('what strangers write is in no command, and checkouts keep no token', () => {
  for (const { where, job } of jobs) {
    for (const { run = '', uses = '', with: options = {} } of job.steps) {
      assert.doesNotMatch(run, /\$\{\{/, `${where}: take it from an environment variable`);
      if (uses.startsWith('actions/checkout@')) {
        assert.equal(options['persist-credentials'], false, where);
      }
    }
  }
  for (const { file, workflow } of workflows) {
    assert.ok(!('pull_request_target' in workflow.on), file);
  }
});

test('CI runs what a person runs, and the scripts that workflows name exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const commands = jobs.flatMap(({ job }) => job.steps.map(({ run = '' }) => run)).join('\n');
  const named = [...commands.matchAll(/\bnpm (?:run )?(check|test|licences|build|sbom)\b/g)];
  for (const [, name = ''] of named) assert.ok(scripts[name], name);
  const ci = Object.values(
    workflows.find(({ file }) => file.endsWith('/ci.yml'))?.workflow.jobs ?? {},
  );
  const runs = ci.flatMap(({ steps }) => steps.map(({ run }) => run));
  for (const command of ['npm ci', 'npm run check', 'npm run licences', 'npm test']) {
    assert.ok(runs.includes(command), command);
  }
});

test('publishing has provenance, waits for a person, and has no token to lose', () => {
  const publish = jobs.find(({ where }) => where.endsWith('publish.yml: publish'))?.job;
  assert.equal(publish?.environment, 'npm');
  const commands = publish?.steps.map(({ run = '' }) => run).join('\n') ?? '';
  assert.match(commands, /npm publish .*--provenance/);
  assert.doesNotMatch(texts.get('.github/workflows/publish.yml') ?? '', /secrets\./);
});
