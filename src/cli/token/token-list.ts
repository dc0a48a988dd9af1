import type { Command } from 'commander';
import type { ShownToken, ShownTokenPage } from '../../tokens/schemas.ts';
import type { AdminClient } from '../toolkit/admin-client.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import { type AdminOptions, parseCount, withAdmin, withAdminOptions } from '../toolkit/options.ts';
import { print, printJson, printStderr, renderTable } from '../toolkit/output.ts';
import { toQuery } from '../toolkit/query.ts';
import { describeToken, renderUses } from './token-output.ts';

interface ListOptions extends AdminOptions {
  readonly subject?: string;
  readonly gate?: string;
  readonly state?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `postern token list|show|revoke`. */
export function registerListCommands(token: Command): void {
  withAdminOptions(token.command('list').description('list tokens and tickets, newest first'))
    .option('--subject <subject>', 'tokens of this subject')
    .option('--gate <gate>', 'tokens restricted to this gate')
    .option('--state <state>', 'active, used, expired or revoked')
    .option('--limit <n>', 'rows per page (default: 50)', parseCount)
    .option('--cursor <cursor>', 'start of the next page')
    .addHelpText(
      'after',
      `
Examples:
  postern token list --state active
  postern token list --subject alice --json`,
    )
    .action((options: ListOptions) => withAdmin(options, (admin) => list(admin, options)));

  withAdminOptions(token.command('show <id>').description('show a token, without its secret'))
    .addHelpText('after', '\nExample:\n  postern token show tok_2vX4qK8mZ1pR7sT5w')
    .action((id: string, options: AdminOptions) =>
      withAdmin(options, async (admin) => {
        const shown = expectSuccess(
          await admin.send('GET', `/v1/tokens/${encodeURIComponent(id)}`),
        );
        if (options.json) printJson(shown);
        else print(describeToken(shown as ShownToken));
      }),
    );

  withAdminOptions(
    token.command('revoke [ids...]').description('revoke tokens, immediately and permanently'),
  )
    .option('--subject <subject>', 'all tokens of this subject')
    .option('--gate <gate>', 'all tokens restricted to this gate')
    .addHelpText(
      'after',
      `
Examples:
  postern token revoke tok_2vX4qK8mZ1pR7sT5w
  postern token revoke --subject alice
  postern token revoke --subject alice --gate chat`,
    )
    .action((ids: string[], options: ListOptions, command: Command) => {
      const isFilter = options.subject !== undefined || options.gate !== undefined;
      if (isFilter === ids.length > 0) {
        command.error('error: name tokens by id, or all of a --subject or --gate');
      }
      return withAdmin(options, (admin) =>
        isFilter ? revokeAll(admin, options) : revoke(admin, ids, options),
      );
    });
}

async function list(admin: AdminClient, options: ListOptions): Promise<void> {
  const query = toQuery(options, ['subject', 'gate', 'state', 'limit', 'cursor']);
  const page = expectSuccess(await admin.send('GET', `/v1/tokens?${query}`)) as ShownTokenPage;
  if (options.json) return printJson(page);
  if (page.tokens.length === 0) return printStderr('No tokens.');
  print(
    renderTable(
      ['ID', 'KIND', 'SUBJECT', 'GATES', 'STATE', 'EXPIRES', 'USES', 'LAST USED', 'LABEL'],
      page.tokens.map((token) => [
        token.id,
        token.kind,
        token.subject,
        token.gates.join(',') || 'all',
        token.weak ? `${token.state} (weak)` : token.state,
        token.expires_at ?? 'never',
        renderUses(token),
        token.last_used_at ?? 'never',
        token.label ?? '',
      ]),
    ),
  );
  if (page.next_cursor !== null) printStderr(`\nMore: --cursor ${page.next_cursor}`);
}

async function revoke(admin: AdminClient, ids: string[], options: AdminOptions): Promise<void> {
  const revoked: ShownToken[] = [];
  for (const id of ids) {
    const path = `/v1/tokens/${encodeURIComponent(id)}`;
    revoked.push(expectSuccess(await admin.send('DELETE', path), id) as ShownToken);
    if (!options.json) print(`${id} revoked`);
  }
  if (options.json) printJson({ tokens: revoked });
}

async function revokeAll(admin: AdminClient, { subject, gate, json }: ListOptions): Promise<void> {
  const answer = expectSuccess(await admin.send('POST', '/v1/tokens/revoke', { subject, gate }));
  if (json) return printJson(answer);
  const { revoked } = answer as { revoked: number };
  print(`${revoked} token${revoked === 1 ? '' : 's'} revoked`);
}
