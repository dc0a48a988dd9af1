import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDocument } from 'yaml';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

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

const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
  publishConfig: object;
};
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
  '.github/workflows/image.yml: build': ['packages'],
  '.github/workflows/image.yml: publish': ['packages', 'id-token', 'attestations'],
  '.github/workflows/publish.yml: publish': ['contents', 'id-token', 'attestations'],
};

test('workflows begin without rights, and each job has what the table says', () => {
  assert.equal(workflows.length, 5);
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
  const commands = jobs.flatMap(({ job }) => job.steps.map(({ run = '' }) => run)).join('\n');
  const named = [
    ...commands.matchAll(/\bnpm (?:run (?:--silent )?)?(check|test|licences|build|sbom)\b/g),
  ];
  for (const [, name = ''] of named) assert.ok(manifest.scripts[name], name);
  const ci = Object.values(
    workflows.find(({ file }) => file.endsWith('/ci.yml'))?.workflow.jobs ?? {},
  );
  const runs = ci.flatMap(({ steps }) => steps.map(({ run }) => run));
  for (const command of ['npm ci', 'npm run check', 'npm run licences', 'npm test']) {
    assert.ok(runs.includes(command), command);
  }
});

test('publishing has provenance, waits for a person, and has no token to lose', () => {
  const commandsOf = (where: string) => {
    const job = jobs.find((one) => one.where === `.github/workflows/${where}`)?.job;
    return { job, commands: job?.steps.map(({ run = '' }) => run).join('\n') ?? '' };
  };
  const npm = commandsOf('publish.yml: publish');
  assert.equal(npm.job?.environment, 'npm');
  assert.match(npm.commands, /npm publish .*--provenance/);
  const image = commandsOf('image.yml: publish');
  assert.equal(image.job?.environment, 'image');
  assert.match(commandsOf('image.yml: build').commands, /--provenance mode=max --sbom true/);
  for (const { job } of [npm, image]) {
    const used = job?.steps.map(({ uses = '' }) => uses.split('@')[0]);
    assert.ok(used?.includes('actions/attest-build-provenance'));
  }
  for (const file of ['publish.yml', 'image.yml']) {
    assert.doesNotMatch(texts.get(`.github/workflows/${file}`) ?? '', /secrets\./);
  }
  assert.deepEqual(manifest.publishConfig, { access: 'public', provenance: true });
});

test('a published package names its repository, without which npm refuses provenance', (t) => {
  const build = jobs.find(({ where }) => where.endsWith('publish.yml: build'))?.job;
  const steps = build?.steps.map(({ run = '' }) => run) ?? [];
  const naming = steps.findIndex((run) => run.includes('npm pkg set'));
  assert.ok(naming !== -1 && naming < steps.findIndex((run) => run.includes('npm pack')));
  const directory = temporaryDirectory(t);
  cpSync(join(packageRoot, 'package.json'), join(directory, 'package.json'));
  const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', steps[naming] ?? ''], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'someone/postern',
    },
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const named = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  assert.deepEqual(named, {
    ...manifest,
    repository: { type: 'git', url: 'git+https://github.example/someone/postern.git' },
    homepage: 'https://github.example/someone/postern#readme',
    bugs: { url: 'https://github.example/someone/postern/issues' },
  });
});
