import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

/** Blocks that are another program's configuration: a line that only that one has. */
const foreign = ['scrape_configs:', 'groups:'];

const blocks = ['README.md', ...globSync('docs/**/*.md', { cwd: packageRoot })].flatMap((page) => {
  const text = readFileSync(join(packageRoot, page), 'utf8');
  return [...text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => ({ page, yaml }));
});

test('every piece of configuration in the documents is one that Postern takes', (t) => {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  const ours = blocks.filter(
    ({ yaml }) => !foreign.some((line) => yaml.split('\n').includes(line)),
  );
  assert.ok(ours.length > 15, `${ours.length} pieces`);
  for (const { page, yaml } of ours) {
    writeFileSync(file, yaml);
    assert.deepEqual(problemsOf(file), [], `${page}:\n${yaml}`);
  }
});

/** What is wrong with a file, but for the files of the reader's that it names. */
function problemsOf(file: string): string[] {
  try {
    loadConfig({ file, env: {} });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems
      .map(({ message }) => message)
      .filter((message) => !/^cannot read \/(run|etc)\/.*ENOENT/.test(message));
  }
}
