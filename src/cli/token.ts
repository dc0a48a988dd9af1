import { type Command, InvalidArgumentError } from 'commander';
import type { ShownIssuedToken, ShownToken, ShownTokenPage } from '../http/token-schemas.ts';
import type { AdminClient } from './admin-client.ts';
import { type AdminOptions, withAdmin, withAdminOptions } from './options.ts';
import { note, print, printJson, renderTable } from './output.ts';
import { expectOk } from './refusal.ts';
import { registerImportCommand } from './token-import.ts';

interface IssueOptions extends AdminOptions {
  readonly gate?: string[];
  readonly expiresIn?: string;
  readonly expiresAt?: string;
  readonly path?: string[];
  readonly origin?: string[];
  readonly network?: string[];
  readonly notBefore?: string;
  readonly maxUses?: number;
  readonly label?: string;
  readonly claim?: Record<string, unknown>;
}

interface ListOptions extends AdminOptions {
  readonly subject?: string;
  readonly gate?: string;
  readonly state?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `postern token …` and `postern ticket …`. */
export function registerTokenCommands(program: Command): void {
  const token = program.command('token').description('issue, list, show and revoke tokens');
  addIssueOptions(token.command('issue').description('issue a token; it is shown this once'))
    .option(
      '--max-uses <n>',
      'how many requests it lets through (default: not counted)',
      parseCount,
    )
    .addHelpText(
      'after',
      `
Examples:
  postern token issue alice --expires-in 12h
  postern token issue grist-probe --gate grist --expires-in never --label "self-check"
  TOKEN=$(postern token issue ci --gate api --max-uses 10)`,
    )
    .action((subject: string, options: IssueOptions) => issue('/v1/tokens', subject, options));

  withAdminOptions(token.command('list').description('list tokens and tickets, newest first'))
    .option('--subject <subject>', 'of this subject')
    .option('--gate <gate>', 'bound to this gate')
    .option('--state <state>', 'active, used, expired or revoked')
    .option('--limit <n>', 'rows a page (default: 50)', parseCount)
    .option('--cursor <cursor>', 'where the next page starts')
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
        const shown = expectOk(await admin.send('GET', `/v1/tokens/${encodeURIComponent(id)}`));
        if (options.json) printJson(shown);
        else print(describe(shown as ShownToken));
      }),
    );

  withAdminOptions(
    token.command('revoke [ids...]').description('revoke tokens, at once and for good'),
  )
    .option('--subject <subject>', 'all tokens of this subject')
    .option('--gate <gate>', 'all tokens bound to this gate')
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

  registerChangeCommands(token);
  registerImportCommand(token);

  const ticket = program.command('ticket').description('issue tickets, good for one handshake');
  addIssueOptions(ticket.command('issue').description('issue a ticket; it is shown this once'))
    .addHelpText(
      'after',
      `
Examples:
  postern ticket issue alice --gate chat
  wscat -c "wss://chat.example.com/ws?token=$(postern ticket issue alice)"`,
    )
    .action((subject: string, options: IssueOptions) => issue('/v1/tickets', subject, options));
}

function addIssueOptions(command: Command): Command {
  return withAdminOptions(command)
    .argument('<subject>', 'who it stands for')
    .option('--gate <gate...>', 'gates it is good at (default: all)')
    .option('--path <prefix...>', 'path prefixes it is good at (default: all)')
    .option('--origin <origin...>', 'origins it is good from (default: all)')
    .option(
      '--network <network...>',
      'client addresses and networks it is good from (default: all)',
    )
    .option('--not-before <time>', 'moment from which it is good')
    .option('--expires-in <duration>', 'life: 30s, 15m, 12h, 30d, or never')
    .option('--expires-at <time>', 'moment of expiry, such as 2027-01-31T12:00:00Z')
    .option('--label <text>', 'a note for people')
    .option(
      '--claim <name=value>',
      'what backends learn, such as email=a@example.com; JSON values are read as such; repeatable',
      collectClaim,
    );
}

function registerChangeCommands(token: Command): void {
  withAdminOptions(token.command('update <id>').description('change label, claims or expiry'))
    .option('--expires-in <duration>', 'life from now on: 30s, 15m, 12h, 30d, or never')
    .option('--expires-at <time>', 'moment of expiry')
    .option('--label <text>', 'a note for people; empty takes it away')
    .option('--claim <name=value>', 'replaces all claims; repeatable', collectClaim)
    .addHelpText(
      'after',
      '\nExample:\n  postern token update tok_2vX4qK8mZ1pR7sT5w --expires-in 1h --label "leaves today"',
    )
    .action((id: string, options: IssueOptions) =>
      withAdmin(options, async (admin) => {
        const changes = {
          expires_in: options.expiresIn,
          expires_at: options.expiresAt,
          label: options.label === '' ? null : options.label,
          claims: options.claim,
        };
        const path = `/v1/tokens/${encodeURIComponent(id)}`;
        const shown = expectOk(await admin.send('PATCH', path, changes));
        if (options.json) printJson(shown);
        else print(describe(shown as ShownToken));
      }),
    );

  withAdminOptions(
    token
      .command('rotate <id>')
      .description('give a token a new secret; the old one stays good for a while'),
  )
    .option('--grace <duration>', 'how long the old secret stays good', '10m')
    .addHelpText('after', '\nExample:\n  postern token rotate tok_2vX4qK8mZ1pR7sT5w --grace 1h')
    .action((id: string, options: AdminOptions & { grace: string }) =>
      withAdmin(options, async (admin) => {
        const path = `/v1/tokens/${encodeURIComponent(id)}/rotate`;
        const answer = await admin.send('POST', path, { grace: options.grace });
        printIssued(expectOk(answer) as ShownIssuedToken, options);
      }),
    );
}

async function issue(path: string, subject: string, options: IssueOptions): Promise<void> {
  await withAdmin(options, async (admin) => {
    const answer = await admin.send('POST', path, {
      subject,
      gates: options.gate,
      paths: options.path,
      origins: options.origin,
      networks: options.network,
      not_before: options.notBefore,
      expires_in: options.expiresIn,
      expires_at: options.expiresAt,
      max_uses: options.maxUses,
      label: options.label,
      claims: options.claim,
    });
    printIssued(expectOk(answer) as ShownIssuedToken, options);
  });
}

function printIssued(issued: ShownIssuedToken, { json }: AdminOptions): void {
  if (json) {
    printJson(issued);
    return;
  }
  // The secret alone goes to standard output, so that $(…) catches it and nothing else.
  note(describe(issued));
  note(`\nThis is the only time the ${issued.kind} is shown:`);
  print(issued.token);
}

async function list(admin: AdminClient, options: ListOptions): Promise<void> {
  const query = new URLSearchParams();
  for (const name of ['subject', 'gate', 'state', 'limit', 'cursor'] as const) {
    if (options[name] !== undefined) query.set(name, String(options[name]));
  }
  const page = expectOk(await admin.send('GET', `/v1/tokens?${query}`)) as ShownTokenPage;
  if (options.json) return printJson(page);
  if (page.tokens.length === 0) return note('No tokens.');
  print(
    renderTable(
      ['ID', 'KIND', 'SUBJECT', 'GATES', 'STATE', 'EXPIRES', 'USES', 'LABEL'],
      page.tokens.map((token) => [
        token.id,
        token.kind,
        token.subject,
        token.gates.join(',') || 'all',
        token.weak ? `${token.state} (weak)` : token.state,
        token.expires_at ?? 'never',
        renderUses(token),
        token.label ?? '',
      ]),
    ),
  );
  if (page.next_cursor !== null) note(`\nMore: --cursor ${page.next_cursor}`);
}

async function revoke(admin: AdminClient, ids: string[], options: AdminOptions): Promise<void> {
  const revoked: ShownToken[] = [];
  for (const id of ids) {
    const path = `/v1/tokens/${encodeURIComponent(id)}`;
    revoked.push(expectOk(await admin.send('DELETE', path), id) as ShownToken);
    if (!options.json) print(`${id} revoked`);
  }
  if (options.json) printJson({ tokens: revoked });
}

async function revokeAll(admin: AdminClient, { subject, gate, json }: ListOptions): Promise<void> {
  const answer = expectOk(await admin.send('POST', '/v1/tokens/revoke', { subject, gate }));
  if (json) return printJson(answer);
  const { revoked } = answer as { revoked: number };
  print(`${revoked} token${revoked === 1 ? '' : 's'} revoked`);
}

function describe(token: ShownToken): string {
  const facts: [string, string][] = [
    ['id', token.id],
    ['kind', token.kind],
    ['subject', token.subject],
    ['label', token.label ?? '-'],
    ['gates', token.gates.join(', ') || 'all'],
    ...(['paths', 'origins', 'networks'] as const)
      .filter((name) => token[name].length > 0)
      .map((name): [string, string] => [name, token[name].join(', ')]),
    ['state', token.state],
    ['created', token.created_at],
    ...(token.not_before === null ? [] : [['not before', token.not_before] as [string, string]]),
    ['expires', token.expires_at ?? 'never'],
    ['revoked', token.revoked_at ?? '-'],
    ['uses', renderUses(token)],
    ['claims', JSON.stringify(token.claims)],
  ];
  return renderTable(['', ''], facts).trimStart();
}

function renderUses({ uses, max_uses }: ShownToken): string {
  return max_uses === null ? 'not counted' : `${uses} of ${max_uses}`;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Must be a positive number.');
  return Number(text);
}

function collectClaim(text: string, claims: Record<string, unknown> = {}): Record<string, unknown> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Must be name=value.');
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  try {
    return { ...claims, [name]: JSON.parse(value) };
  } catch {
    return { ...claims, [name]: value };
  }
}
