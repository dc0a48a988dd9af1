import type { Command } from 'commander';
import type { Demo } from '../demo/demo.ts';
import { sendHttp } from './toolkit/admin-client.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import { CommandFailed } from './toolkit/command-failed.ts';
import { print, printStderr } from './toolkit/output.ts';

/** `postern demo`. */
export function registerDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('run handshakes through a real nginx and show which are allowed')
    .option('--once', 'exit after the table; exit code 0 only if every row is as expected')
    .addHelpText('after', '\nExamples:\n  postern demo\n  postern demo --once')
    .action(async ({ once }: { once?: boolean }) => {
      const { startDemo } = await import('../demo/demo.ts');
      const demo = await startDemo();
      try {
        const failures = await printRows(demo);
        if (!once) await stayUp(demo);
        if (failures > 0) throw new CommandFailed(`${failures} rows are not as expected`);
      } finally {
        await demo.close();
      }
    });
}

async function printRows(demo: Demo): Promise<number> {
  const { runRows } = await import('../demo/rows.ts');
  let failures = 0;
  print(`${'HANDSHAKE THROUGH NGINX'.padEnd(56)}RESULT`);
  const context = {
    url: demo.url,
    issue: (kind: string, body: object) => issue(demo, kind, body),
    revoke: async (id: string) => void (await send(demo, 'DELETE', `/v1/tokens/${id}`)),
  };
  for await (const { description, expected, actual } of runRows(context)) {
    const isRight = actual === expected;
    if (!isRight) failures++;
    print(`${description.padEnd(56)}${actual}${isRight ? '' : `   WRONG: expected ${expected}`}`);
  }
  return failures;
}

/** Prints what to try, and waits for Ctrl-C. */
async function stayUp(demo: Demo): Promise<void> {
  const { token } = await issue(demo, 'tokens', { subject: 'you' });
  const socketUrl = demo.url.replace('http', 'ws');
  print(`
nginx listens at ${demo.url}, the admin API at ${demo.adminUrl}. Try:

  curl -i '${demo.url}/?token=${token}'
  curl -i ${demo.url}/

in the console of a browser:

  new WebSocket('${socketUrl}/ws?token=${token}').onmessage = (e) => console.log(e.data)

and a ticket, good for one handshake:

  curl -X POST ${demo.adminUrl}/v1/tickets -H 'Authorization: Bearer ${demo.adminKey}' \\
       -H 'Content-Type: application/json' -d '{"subject":"you"}'
`);
  printStderr('Press Ctrl-C to stop.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function issue(demo: Demo, kind: string, body: object) {
  return (await send(demo, 'POST', `/v1/${kind}`, body)) as { id: string; token: string };
}

async function send(demo: Demo, method: string, path: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${demo.adminKey}` };
  return expectSuccess(await sendHttp(demo.adminUrl, { method, path, headers, body }));
}
