import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext } from 'node:test';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { needProgram } from '../../scripts/programs.ts';
import type { SeenRequest } from '../../src/demo/backend.ts';

/** A page without cookies of any other test. */
export interface WatchedPage {
  readonly page: Page;
  /** Everything that the console said so far, and every error that no script caught. */
  readonly said: string[];
}

/** How a socket that a page opened fared. */
export type PageSocket =
  | { readonly opened: true; readonly protocol: string; readonly seen: SeenRequest }
  | { readonly opened: false; readonly code: number };

/**
 * What every Chromium of the tests starts with: names that end in `.test` lead to this machine,
 * other names nowhere, and nothing is fetched that no test asked for.
 */
export const browserArguments = [
  '--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  '--disable-quic',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Opens a page in the file's Chromium. Certificates are not looked at. */
type OpenPage = (t: TestContext, options?: BrowserContextOptions) => Promise<WatchedPage>;

// No sandbox: root may not use it and containers often do not allow it. Only our own pages are opened.
const launchOptions = () => ({ executablePath: needProgram('chromium'), args: browserArguments });

/**
 * Starts one Chromium for the tests of the file that calls this, at its top. Each page is in a
 * private window of its own. It keeps and sends no cookies of other sites but partitioned ones.
 */
export function useBrowser(): OpenPage {
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch(launchOptions());
  });
  after(() => browser.close());
  return async (t, options) => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    t.after(() => context.close());
    return watch(await context.newPage());
  };
}

/**
 * The same for somebody who allowed cookies of other sites ("third-party cookies"). There is one
 * profile, whose cookies go with the test.
 */
export function useTrustingBrowser(): OpenPage {
  const profile = mkdtempSync(join(tmpdir(), 'postern-profile-'));
  let context: BrowserContext;
  before(async () => {
    // What the switch for these cookies in Chromium's settings writes.
    mkdirSync(join(profile, 'Default'));
    const preferences = { profile: { cookie_controls_mode: 0 } };
    writeFileSync(join(profile, 'Default/Preferences'), JSON.stringify(preferences));
    const options = { ...launchOptions(), ignoreHTTPSErrors: true };
    context = await chromium.launchPersistentContext(profile, options);
  });
  after(async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });
  return async (t) => {
    const page = await context.newPage();
    t.after(async () => {
      await page.close();
      await context.clearCookies();
    });
    return watch(page);
  };
}

function watch(page: Page): WatchedPage {
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  return { page, said };
}

/**
 * Opens a socket in the page and waits for the backend's first message, or for its end.
 * `expression` gives the socket, or a promise of it: `new WebSocket('wss://…')`.
 */
export function openPageSocket(page: Page, expression: string): Promise<PageSocket> {
  return page.evaluate<PageSocket>(`
    Promise.resolve(${expression}).then((socket) => new Promise((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        resolve({ opened: true, protocol: socket.protocol, seen: JSON.parse(data) });
        socket.close();
      });
      socket.addEventListener('close', ({ code }) => resolve({ opened: false, code }));
    }))`);
}

/** The call of a function of `docs/examples`, as an expression for a page of a BrowserSite. */
export function example(file: string, name: string, ...parameters: unknown[]): string {
  const list = parameters.map((parameter) => JSON.stringify(parameter)).join(', ');
  return `import('/examples/${file}').then((module) => module.${name}(${list}))`;
}
