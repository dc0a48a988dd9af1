import { type Command, InvalidArgumentError } from 'commander';
import type { ShownIssuedToken, ShownToken } from '../../tokens/schemas.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import {
  type AdminOptions,
  collect,
  parseCount,
  withAdmin,
  withAdminOptions,
} from '../toolkit/options.ts';
import { print, printJson } from '../toolkit/output.ts';
import { checkGates, strictOption } from './check-gates.ts';
import { describeToken, printIssued } from './token-output.ts';

interface IssueOptions extends AdminOptions {
  readonly gate?: string[];
  readonly strict?: boolean;
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

/** `postern token issue|update|rotate` and `postern ticket issue`. */
export function registerIssueCommands(token: Command, ticket: Command): void {
  addIssueOptions(token.command('issue').description('issue a token; it is shown only once'))
    .option(
      '--max-uses <n>',
      'number of requests that it allows (default: not counted)',
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

  addIssueOptions(ticket.command('issue').description('issue a ticket; it is shown only once'))
    .addHelpText(
      'after',
      `
Examples:
  postern ticket issue alice --gate chat
  wscat -c "wss://chat.example.com/ws?token=$(postern ticket issue alice)"`,
    )
    .action((subject: string, options: IssueOptions) => issue('/v1/tickets', subject, options));

  withAdminOptions(token.command('update <id>').description('change label, claims or expiry'))
    .option('--expires-in <duration>', 'lifetime from now on: 30s, 15m, 12h, 30d, or never')
    .option('--expires-at <time>', 'time of expiry')
    .option('--label <text>', 'a note; empty removes it')
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
        const shown = expectSuccess(await admin.send('PATCH', path, changes));
        if (options.json) printJson(shown);
        else print(describeToken(shown as ShownToken));
      }),
    );

  withAdminOptions(
    token
      .command('rotate <id>')
      .description('give a token a new secret; the old one stays valid for a while'),
  )
    .option('--grace <duration>', 'how long the old secret stays valid', '10m')
    .addHelpText('after', '\nExample:\n  postern token rotate tok_2vX4qK8mZ1pR7sT5w --grace 1h')
    .action((id: string, options: AdminOptions & { grace: string }) =>
      withAdmin(options, async (admin) => {
        const path = `/v1/tokens/${encodeURIComponent(id)}/rotate`;
        const answer = await admin.send('POST', path, { grace: options.grace });
        printIssued(expectSuccess(answer) as ShownIssuedToken, options);
      }),
    );
}

function addIssueOptions(command: Command): Command {
  return withAdminOptions(command)
    .argument('<subject>', 'user or program that the token identifies')
    .option('--gate <gate>', 'gates where it is valid (default: all); repeatable', collect)
    .option(...strictOption)
    .option(
      '--path <prefix>',
      'path prefixes where it is valid (default: all); repeatable',
      collect,
    )
    .option(
      '--origin <origin>',
      'origins from which it is valid (default: all); repeatable',
      collect,
    )
    .option(
      '--network <network>',
      'client addresses and networks from which it is valid (default: all); repeatable',
      collect,
    )
    .option('--not-before <time>', 'start of its validity')
    .option('--expires-in <duration>', 'lifetime: 30s, 15m, 12h, 30d, or never')
    .option('--expires-at <time>', 'time of expiry, such as 2027-01-31T12:00:00Z')
    .option('--label <text>', 'a note')
    .option(
      '--claim <name=value>',
      'claim for applications, such as email=a@example.com; JSON values are parsed; repeatable',
      collectClaim,
    );
}

async function issue(path: string, subject: string, options: IssueOptions): Promise<void> {
  await withAdmin(options, async (admin) => {
    await checkGates(admin, options.gate ?? [], options);
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
    printIssued(expectSuccess(answer) as ShownIssuedToken, options);
  });
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
