import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settings } from '../../src/config/settings.ts';
import { denials } from '../../src/core/model/denials.ts';
import { rules } from '../../src/doctor/config/rules/index.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { runCommand } from '../../testkit/postern/command.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');

/** What stands first in each row of a table, without backquotes. */
function firstCells(text: string): string[] {
  return [...text.matchAll(/^\| ([^|]+) \|/gm)]
    .map(([, cell = '']) => cell)
    .filter((cell) => cell.startsWith('`') || cell.startsWith('['))
    .map((cell) => cell.replace(/`/g, ''));
}

test('docs/denials.md has a heading for every denial code, and for no other', () => {
  const page = read('docs/denials.md');
  const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  assert.deepEqual(headings, Object.keys(denials));
  for (const code of headings) {
    const section = page.split(`\n## ${code}\n`)[1]?.split('\n## ')[0] ?? '';
    assert.match(section, /\*\*Status:\*\* \d{3} .* \d{3} /, code);
    assert.match(section, /\*\*What to do:\*\* .{20}/, code);
  }
});

test('the documents name no denial code that there is not', () => {
  for (const page of globSync('docs/**/*.md', { cwd: packageRoot })) {
    for (const [, code = ''] of read(page).matchAll(/denials\.md#([a-z_]+)/g)) {
      assert.ok(Object.hasOwn(denials, code), `${page}: ${code}`);
    }
  }
});

test('docs/doctor/README.md has a row and a page for every rule, and no others', () => {
  const listed = firstCells(read('docs/doctor/README.md')).filter((cell) => cell.startsWith('[PD'));
  const codes = rules.map(({ code }) => code);
  assert.deepEqual(
    listed,
    codes.map((code) => `[${code}](${code}.md)`),
  );
  const pages = globSync('docs/doctor/PD*.md', { cwd: packageRoot }).sort();
  assert.deepEqual(
    pages,
    codes.map((code) => `docs/doctor/${code}.md`),
  );
  for (const { code, title } of rules) {
    assert.match(read(`docs/doctor/${code}.md`), new RegExp(`^# ${code}: `), title);
  }
});

test('docs/decisions/README.md lists every decision with its title and a status, and no others', () => {
  const index = read('docs/decisions/README.md');
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: packageRoot }).sort();
  const rows = [
    ...index.matchAll(/^\| \[(\d+)\]\(([^)]+)\) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm),
  ];
  assert.deepEqual(
    rows.map(([, , file]) => `docs/decisions/${file}`),
    files,
  );
  for (const [, number, file, title, status] of rows) {
    const heading = read(`docs/decisions/${file}`).split('\n')[0];
    assert.equal(heading, `# ${number}. ${title}`);
    assert.match(status ?? '', /^(?:accepted|superseded by \[\d+\]\(.+\))$/);
  }
});

test('docs/configuration.md has an anchor for every setting, and no others', () => {
  const page = read('docs/configuration.md');
  const anchors = [...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id);
  assert.deepEqual(
    anchors,
    settings.map(({ path }) => path.join('.')),
  );
});

test('docs/cli.md lists every command and subcommand, and no others', async () => {
  const page = read('docs/cli.md');
  const listed = [...page.matchAll(/^\| (`[^|]+) \| ([^|]+) \|/gm)].flatMap(
    ([, names = '', purpose = '']) =>
      [...names.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => ({ name, purpose })),
  );
  const commands = commandsIn((await runCommand(['--help'])).stdout);
  assert.deepEqual(listed.map(({ name }) => name).sort(), commands.sort());
  await Promise.all(
    listed.map(async ({ name, purpose }) => {
      const { stdout } = await runCommand([name, '--help']);
      for (const subcommand of commandsIn(stdout)) {
        assert.ok(purpose.includes(`\`${subcommand}\``), `${name} ${subcommand}`);
      }
    }),
  );
});

function commandsIn(help: string): string[] {
  const [, list = ''] = help.split('\nCommands:\n'); // None where a command has no others.
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}
