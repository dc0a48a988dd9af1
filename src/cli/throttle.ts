import type { Command } from 'commander';
import type { ShownThrottlePage } from '../throttle/routes.ts';
import { expectSuccess } from './toolkit/admin-response.ts';
import { type AdminOptions, withAdmin, withAdminOptions } from './toolkit/options.ts';
import { print, printJson, printStderr, renderTable } from './toolkit/output.ts';
import { toQuery } from './toolkit/query.ts';

interface ListOptions extends AdminOptions {
  readonly gate?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

interface ClearOptions extends AdminOptions {
  readonly gate?: string;
  readonly network?: string;
  readonly all?: boolean;
}

/** `postern throttle …`. */
export function registerThrottleCommands(program: Command): void {
  const throttle = program
    .command('throttle')
    .description('list and clear networks with too many failed attempts');

  withAdminOptions(
    throttle.command('list').description('list networks, the longest throttled first'),
  )
    .option('--gate <gate>', 'at this gate only')
    .option('--limit <n>', 'rows per page (default: 50)')
    .option('--cursor <cursor>', 'start of the next page')
    .addHelpText('after', '\nExample:\n  postern throttle list --gate chat')
    .action((options: ListOptions) =>
      withAdmin(options, async (admin) => {
        const query = toQuery(options, ['gate', 'limit', 'cursor']);
        const page = expectSuccess(
          await admin.send('GET', `/v1/throttle?${query}`),
        ) as ShownThrottlePage;
        if (options.json) return printJson(page);
        if (page.throttled.length === 0) return printStderr('No network is throttled.');
        const rows = page.throttled.map((shown) => [
          shown.gate ?? '(admin API)',
          shown.network,
          shown.since,
          shown.until,
          String(shown.failures),
        ]);
        print(renderTable(['GATE', 'NETWORK', 'SINCE', 'UNTIL', 'FAILURES'], rows));
        if (page.next_cursor !== null) printStderr(`\nMore: --cursor ${page.next_cursor}`);
      }),
    );

  withAdminOptions(throttle.command('clear').description('clear failed attempts'))
    .option('--gate <gate>', 'at this gate only')
    .option('--network <network>', 'of this network only, or of an address')
    .option('--all', 'of everybody')
    .addHelpText(
      'after',
      `
Examples:
  postern throttle clear --network 203.0.113.7
  postern throttle clear --all`,
    )
    .action((options: ClearOptions, command: Command) => {
      const isPart = options.gate !== undefined || options.network !== undefined;
      if (isPart === (options.all === true)) {
        command.error('error: name a --gate, a --network or both, or say --all');
      }
      return withAdmin(options, async (admin) => {
        const query = toQuery(options, ['gate', 'network']);
        const answer = expectSuccess(await admin.send('DELETE', `/v1/throttle?${query}`));
        const { cleared } = answer as { cleared: number };
        if (options.json) printJson(answer);
        else
          print(
            `Forgotten. ${cleared === 1 ? '1 network was' : `${cleared} networks were`} throttled.`,
          );
      });
    });
}
