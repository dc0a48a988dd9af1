import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendTo,
  type Edit,
  insertBefore,
  insertInto,
  replaceArgument,
  replaceDirective,
} from '../../../src/doctor/config/edit.ts';
import { renderPatch } from '../../../src/doctor/config/report/patch.ts';
import { type Directive, parseFile } from '../../../src/proxies/nginx/syntax/index.ts';
import { applyPatch } from '../../../testkit/doctor/apply-patch.ts';

function edited(text: string, make: (directives: readonly Directive[]) => readonly Edit[]): string {
  const { directives } = parseFile({ name: 'a.conf', text });
  return applyPatch({ 'a.conf': text }, renderPatch(make(directives)))['a.conf'] ?? '';
}

test('a patch has the lines around each change, and counts them', () => {
  const text = 'a;\nb;\nc;\nserver {\n    d e;\n    f;\n}\ng;\nh;\n';
  const { directives } = parseFile({ name: 'a.conf', text });
  const inner = directives[3]?.block?.directives[0] as Directive;
  assert.equal(
    renderPatch([replaceArgument(inner, 0, 'x'), insertBefore(inner, 'y;')]),
    `--- a.conf
+++ a.conf
@@ -2,7 +2,8 @@
 b;
 c;
 server {
-    d e;
+    y;
+    d x;
     f;
 }
 g;
`,
  );
});

test('lines are put before, into and behind with the indentation of their place', () => {
  const text = 'http {\n  server {\n    a b;\n  }\n}';
  const server = (directives: readonly Directive[]) =>
    directives[0]?.block?.directives[0] as Directive;
  const first = (directives: readonly Directive[]) =>
    server(directives).block?.directives[0] as Directive;
  assert.equal(
    edited(text, (all) => [insertBefore(first(all), 'x;', 'y;')]),
    'http {\n  server {\n    x;\n    y;\n    a b;\n  }\n}',
  );
  assert.equal(
    edited(text, (all) => [insertInto(server(all), 'x;', 'y;')]),
    'http {\n  server {\n    x;\n    y;\n    a b;\n  }\n}',
  );
  assert.equal(
    edited(text, (all) => [appendTo(server(all), 'x;')]),
    'http {\n  server {\n    a b;\n      x;\n  }\n}',
  );
  assert.equal(
    edited(text, (all) => [replaceDirective(first(all), 'c d;')]),
    'http {\n  server {\n    c d;\n  }\n}',
  );
});

test('blocks in one line and files without a last line feed are patched too', () => {
  const text = 'server { a b; }';
  assert.equal(
    edited(text, ([server]) => [
      insertInto(server as Directive, 'x;'),
      appendTo(server as Directive, 'y;'),
    ]),
    'server {\n    x; a b; \n    y;\n}',
  );
});

test('of edits that collide the first counts, and the same edit counts once', () => {
  const text = 'a b;\n';
  const edit = ([a]: readonly Directive[], to: string) => replaceArgument(a as Directive, 0, to);
  assert.equal(
    edited(text, (all) => [edit(all, 'x'), edit(all, 'y'), edit(all, 'x')]),
    'a x;\n',
  );
  assert.equal(renderPatch([]), '');
});

test('any edits that do not collide come out as if they were made directly', () => {
  const files = fc.array(fc.stringMatching(/^[a-z]{1,6} [a-z]{1,6};$/), {
    minLength: 1,
    maxLength: 40,
  });
  const property = fc.property(files, fc.infiniteStream(fc.nat(3)), (lines, choices) => {
    const text = `${lines.join('\n')}${choices.next().value === 0 ? '' : '\n'}`;
    const expected: string[] = [];
    const result = edited(text, (directives) =>
      directives.flatMap((directive, index): Edit[] => {
        const line = lines[index] ?? '';
        switch (choices.next().value) {
          case 0:
            expected.push(line.replace(/ .*/, ' changed;'));
            return [replaceArgument(directive, 0, 'changed')];
          case 1:
            expected.push('new;', line);
            return [insertBefore(directive, 'new;')];
          default:
            expected.push(line);
            return [];
        }
      }),
    );
    assert.equal(result, `${expected.join('\n')}${text.endsWith('\n') ? '\n' : ''}`);
  });
  fc.assert(property, { numRuns: 300 });
});
