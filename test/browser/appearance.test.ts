import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { useBrowser } from '../../testkit/browser/browser.ts';
import { startBrowserSite } from '../../testkit/browser/site.ts';

const open = useBrowser();

/** Red, green and blue, 0 to 255. */
type Colour = readonly [number, number, number];

/** A colour of an element as the browser computed it. */
async function colourOf(page: Page, selector: string, property: string): Promise<Colour> {
  const text = await page.evaluate<string>(
    `getComputedStyle(document.querySelector('${selector}'))['${property}']`,
  );
  const found = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(text);
  assert.ok(found, `${selector} ${property} is ${text}`);
  return [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
function contrast(a: Colour, b: Colour): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the login page can be read where people prefer ${colorScheme} colours`, async (t) => {
    const { at } = await startBrowserSite(t);
    const { page } = await open(t, { colorScheme });
    await page.goto(`${at('app.example.test')}/`);
    await page.keyboard.press('Tab');
    const background = await colourOf(page, 'body', 'backgroundColor');
    assert.equal(luminance(background) > 0.5, colorScheme === 'light');
    const field = await colourOf(page, 'input', 'backgroundColor');
    const button = await colourOf(page, 'button', 'backgroundColor');
    // WCAG 2.2: text needs 4.5 (1.4.3), the outline of what has the focus needs 3 (1.4.11).
    const pairs: [selector: string, property: string, against: Colour, least: number][] = [
      ['h1', 'color', background, 4.5],
      ['label', 'color', background, 4.5],
      ['#message', 'color', background, 4.5],
      ['input', 'color', field, 4.5],
      ['button', 'color', button, 4.5],
      ['input', 'borderTopColor', background, 3],
      [':focus-visible', 'outlineColor', background, 3],
    ];
    for (const [selector, property, against, least] of pairs) {
      const found = contrast(await colourOf(page, selector, property), against);
      assert.ok(found >= least, `${selector} ${property}: ${found.toFixed(2)} of ${least}`);
    }
  });
}

test('the login page fits on a small screen, and in letters twice as large', async (t) => {
  const { at } = await startBrowserSite(t);
  const { page } = await open(t, { viewport: { width: 320, height: 480 } });
  await page.goto(`${at('app.example.test')}/`);
  for (const size of ['100%', '200%']) {
    await page.evaluate(`document.documentElement.style.fontSize = '${size}'`);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, size);
  }
});
