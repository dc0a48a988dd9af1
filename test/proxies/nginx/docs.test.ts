import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../src/lib/resources.ts';
import { defaultBundleOptions } from '../../../src/proxies/nginx/bundle-options.ts';
import { type Flavour, flavours, renderBundle } from '../../../src/proxies/nginx/render.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { runCommand } from '../../../testkit/postern/command.ts';

const pages = ['docs/nginx.md', ...globSync('docs/nginx/*.md', { cwd: packageRoot }).sort()].map(
  (page) => ({ page, text: readFileSync(join(packageRoot, page), 'utf8') }),
);

test('links of the pages about nginx lead somewhere', () => {
  for (const { page, text } of pages) {
    for (const [, path = '', anchor] of text.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
      const target = join(packageRoot, dirname(page), path);
      assert.ok(existsSync(target), `${page}: ${path}`);
      if (anchor === undefined) continue;
      const anchors = [...readFileSync(target, 'utf8').matchAll(/^#+ (.*)$/gm)].map(
        ([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^a-z0-9_ -]/g, '')
            .replaceAll(' ', '-'),
      );
      assert.ok(anchors.includes(anchor), `${page}: #${anchor}`);
    }
  }
});

test('every flavour and every file that is rendered is on a page', () => {
  const all = pages.map(({ text }) => text).join('\n');
  for (const flavour of Object.keys(flavours) as Flavour[]) {
    assert.ok(all.includes(`\`${flavour}\``), flavour);
    for (const path of renderBundle(flavour, defaultBundleOptions).keys()) {
      const name = path.split('/').at(-1) ?? '';
      assert.ok(all.includes(name), name);
    }
  }
});

test('every postern command on the pages is one, and works', async (t) => {
  const directory = temporaryDirectory(t);
  const seen: string[] = [];
  for (const { text } of pages) {
    for (const [command = ''] of text.matchAll(/(?<=^|`)postern nginx [^`\n]*/gm)) {
      const args = (command.split('#')[0] ?? '').trim().split(/\s+/).slice(1);
      const placed = args.map((arg, index) =>
        ['--out', '--check', '--diff', '--cache-path'].includes(args[index - 1] ?? '')
          ? join(directory, arg.replaceAll(/[^a-z]/g, ''))
          : arg,
      );
      const { code, stderr } = await runCommand(placed);
      const isNoCache = placed[1] === 'purge' && code === 4;
      assert.ok(code === 0 || isNoCache, `${command}: ${stderr}`);
      seen.push(command);
    }
  }
  assert.ok(seen.length >= 8);
});
