import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tryHandshake } from '../../src/demo/client.ts';
import { renderPatch } from '../../src/doctor/config/report/patch.ts';
import { applyPatch } from './apply-patch.ts';
import { codesOf, examineFiles } from './examine.ts';
import { type ExampleOptions, type ExampleSite, goodCookie, startExample } from './example-site.ts';
import { readExample } from './pages.ts';

/** What a real nginx does with the two examples of a rule. */
export interface Proof extends ExampleOptions {
  /** Shows that the fault is real. */
  readonly wrong: (site: ExampleSite, t: TestContext) => Promise<void>;
  /** Shows that the mended one does not have it. */
  readonly right: (site: ExampleSite, t: TestContext) => Promise<void>;
  /** False where the mended example has nothing to do with handshakes. */
  readonly letsIn?: false;
}

/**
 * The tests every rule has: its examples are judged as the page says, a real nginx behaves as the
 * page says, and the patch, where there is one, mends the wrong example.
 */
export function proveRule(code: string, proof: Proof): void {
  test(`${code} is found in its wrong example, and not in the right one`, () => {
    const wrong = examineFiles(readExample(code, 'Wrong'));
    assert.ok(
      wrong.findings.some((one) => one.code === code),
      `found only ${codesOf(wrong.findings)}`,
    );
    const right = examineFiles(readExample(code, 'Right'));
    const rest = right.findings.filter((one) => one.code === code || one.severity !== 'notice');
    assert.deepEqual(codesOf(rest), []);
  });

  test(`${code}: nginx does what the page says of the wrong example`, async (t) => {
    await proof.wrong(await startExample(t, readExample(code, 'Wrong'), proof), t);
  });

  test(`${code}: nginx does what the page says of the right example`, async (t) => {
    const site = await startExample(t, readExample(code, 'Right'), proof);
    await proof.right(site, t);
    if (proof.letsIn === false) return;
    const token = await site.postern?.issue();
    const host = /server_name (\S+);/.exec(readExample(code, 'Right')['site.conf'] ?? '')?.[1];
    const headers =
      token === undefined
        ? goodCookie
        : { authorization: `Bearer ${token.token}`, ...(host !== undefined && { host }) };
    assert.equal((await tryHandshake(`${site.socketUrl}/ws`, headers)).status, 101);
  });

  test(`${code}: the patch, where there is one, mends the wrong example`, async (t) => {
    const files = readExample(code, 'Wrong');
    const found = examineFiles(files).findings.filter((one) => one.code === code);
    const edits = found.flatMap(({ edits }) => edits);
    if (edits.length === 0) return;
    const mended = applyPatch(files, renderPatch(edits));
    assert.notDeepEqual(mended, files);
    const left = examineFiles(mended).findings.filter((one) => one.code === code);
    assert.deepEqual(codesOf(left), []);
    await proof.right(await startExample(t, mended, proof), t);
  });
}
