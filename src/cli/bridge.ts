import type { Command } from 'commander';
import type { ShownRecheck } from '../sign-on/routes.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, withAdmin, withServiceOptions } from './toolkit/options.ts';
import { print, printJson } from './toolkit/output.ts';

/** `postern bridge recheck`. */
export function registerBridgeCommands(program: Command): void {
  const bridge = program.command('bridge').description('sign-on services behind gates');

  withServiceOptions(
    bridge
      .command('recheck <gate>')
      .description("drop the cached answers of a gate's sign-on service: the next request asks it"),
    'cached answers are in the memory of the running service. Without a service there are none.',
  )
    .addHelpText('after', '\nExample:\n  postern bridge recheck chat')
    .action((gate: string, options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const path = `/v1/bridges/${encodeURIComponent(gate)}/recheck`;
        const answer = expectSuccess(await admin.send('POST', path), gate) as ShownRecheck;
        if (options.json) return printJson(answer);
        const { dropped } = answer;
        print(`${dropped === 1 ? '1 cached answer' : `${dropped} cached answers`} dropped.`);
      }),
    );
}
