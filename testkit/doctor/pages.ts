import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/resources.ts';
import { type ConfigFiles, gateFileName } from './examine.ts';

/** The page of a rule. */
export function readPage(code: string): string {
  return readFileSync(join(packageRoot, 'docs', 'doctor', `${code}.md`), 'utf8');
}

/**
 * An example of a page: the files below one of its headings. A file names itself in its first line. The
 * gates, as YAML, stand in the example, or once for both.
 */
export function readExample(code: string, heading: 'Wrong' | 'Right'): ConfigFiles {
  const page = readPage(code);
  const [, section = ''] = page.split(new RegExp(`^## ${heading}\\b.*$`, 'm'));
  const [own = ''] = section.split(/^## /m);
  const files: Record<string, string> = {};
  for (const [, text = ''] of own.matchAll(/^```nginx\n(.*?)^```$/gms)) {
    files[/^# (\S+\.conf)$/m.exec(text.split('\n')[0] ?? '')?.[1] ?? 'site.conf'] = text;
  }
  const yaml = /^```yaml\n(.*?)^```$/ms;
  const gates = yaml.exec(own)?.[1] ?? yaml.exec(page)?.[1];
  if (gates !== undefined) files[gateFileName] = gates;
  assert.ok('site.conf' in files, `${code} has no example "${heading}"`);
  return files;
}
