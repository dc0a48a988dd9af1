import { after, before, type TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { needProgram } from '../../scripts/programs.ts';
import type { SeenRequest } from '../../src/demo/backend.ts';

/** A page in a browser context of its own, without cookies and history of any other test. */
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

/**
 * Starts one Chromium for the tests of the file that calls this, at its top, and returns a function
 * that opens a page in it. Certificates are not looked at.
 */
export function useBrowser(): (
  t: TestContext,
  options?: BrowserContextOptions,
) => Promise<WatchedPage> {
  let browser: Browser;
  before(async () => {
    // Without the sandbox, which root may not use and containers often do not allow: it opens no
    // pages but our own.
    const executablePath = needProgram('chromium');
    browser = await chromium.launch({ executablePath, args: browserArguments });
  });
  after(() => browser.close());
  return async (t, options) => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    return { page, said: listen(page) };
  };
}

function listen(page: Page): string[] {
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  return said;
}

/**
 * Opens a socket in the page and waits for the backend's first message, or for its end.
 * `expression` gives the socket, or a promise of it: `new WebSocket('wss://…')`.
 */
export function openSocket(page: Page, expression: string): Promise<PageSocket> {
  return page.evaluate<PageSocket>(`
    Promise.resolve(${expression}).then((socket) => new Promise((resolve) => {
      socket.addEventListener('message', ({ data }) => {
        resolve({ opened: true, protocol: socket.protocol, seen: JSON.parse(data) });
        socket.close();
      });
      socket.addEventListener('close', ({ code }) => resolve({ opened: false, code }));
    }))`);
}

/** The call of a function of `docs/examples`, as an expression for a page of a BrowserScene. */
export function example(file: string, name: string, ...parameters: unknown[]): string {
  const list = parameters.map((parameter) => JSON.stringify(parameter)).join(', ');
  return `import('/examples/${file}').then((module) => module.${name}(${list}))`;
}
