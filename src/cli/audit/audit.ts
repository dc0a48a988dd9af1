import { type Command, InvalidArgumentError } from 'commander';
import type { ShownAuditEntry, ShownAuditPage } from '../../audit/schemas.ts';
import { type AuditAnchor, auditEvents } from '../../core/model/audit.ts';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import {
  type AdminOptions,
  type ConfigOptions,
  loadConfigFrom,
  parseCount,
  withAdmin,
  withAdminOptions,
  withConfigOption,
} from '../toolkit/options.ts';
import { print, printJson, printStderr } from '../toolkit/output.ts';
import { toQuery } from '../toolkit/query.ts';
import { followAudit } from './audit-follow.ts';

interface FilterOptions extends AdminOptions {
  readonly event?: string;
  readonly actor?: string;
  readonly token?: string;
  readonly subject?: string;
  readonly gate?: string;
  readonly since?: string;
  readonly until?: string;
}

interface ListOptions extends FilterOptions {
  readonly order?: string;
  readonly limit?: number;
  readonly cursor?: string;
}

interface TailOptions extends FilterOptions {
  readonly lines: number;
  readonly follow?: boolean;
}

interface VerifyOptions extends ConfigOptions {
  readonly expectHead?: AuditAnchor[];
  readonly json?: boolean;
}

/** `postern audit …`. */
export function registerAuditCommands(program: Command): void {
  const audit = program.command('audit').description('show and verify the audit log');

  withFilters(audit.command('list').description('list entries, newest first'))
    .option('--order <order>', 'desc for newest first, asc for oldest (default: desc)')
    .option('--limit <n>', 'entries per page (default: 50)', parseCount)
    .option('--cursor <cursor>', 'start of the next page')
    .addHelpText(
      'after',
      `
Examples:
  postern audit list --subject alice --since 2027-01-31T17:00:00Z
  postern audit list --event denial --gate chat
  postern audit list --order asc --limit 500 --json`,
    )
    .action((options: ListOptions) =>
      withAdmin(options, async (admin) => {
        const query = toFilterQuery(options);
        for (const name of ['order', 'limit', 'cursor'] as const) {
          if (options[name] !== undefined) query.set(name, String(options[name]));
        }
        const answer = await admin.send('GET', `/v1/audit?${query}`);
        const page = expectSuccess(answer) as ShownAuditPage;
        for (const entry of page.entries) print(renderEntry(entry, options));
        if (page.entries.length === 0) printStderr('No entries.');
        if (page.next_cursor !== null) printStderr(`\nMore: --cursor ${page.next_cursor}`);
      }),
    );

  withFilters(
    audit.command('tail').description('show the last entries, and new ones with --follow'),
  )
    .option('-n, --lines <n>', 'number of entries', parseLines, 10)
    .option('-f, --follow', 'continue with new entries')
    .addHelpText(
      'after',
      `
Examples:
  postern audit tail -n 50
  postern audit tail --follow --event revocation
  postern audit tail --follow --json >>/var/log/postern-audit.jsonl`,
    )
    .action((options: TailOptions) =>
      withAdmin(options, async (admin) => {
        const [filter, all] = [toFilterQuery(options), '/v1/audit?limit=1'];
        // Read first, so that entries added in between are followed and not missed.
        const newest = expectSuccess(await admin.send('GET', all)) as ShownAuditPage;
        const after = newest.entries[0]?.seq ?? 0;
        const query = new URLSearchParams(filter);
        query.set('limit', String(Math.max(1, options.lines)));
        query.set('cursor', String(after + 1));
        const page = expectSuccess(await admin.send('GET', `/v1/audit?${query}`)) as ShownAuditPage;
        const last = options.lines === 0 ? [] : page.entries.toReversed();
        for (const entry of last) print(renderEntry(entry, options));
        if (options.follow !== true) return;
        for await (const entry of followAudit(admin, filter, after)) {
          print(renderEntry(entry, options));
        }
      }),
    );

  withConfigOption(
    audit
      .command('verify')
      .description(
        'verify that no entry was changed or removed; run it on the machine of the store',
      ),
  )
    .option(
      '--expect-head <seq:hash>',
      'an anchor: an earlier entry that must still be there; repeatable',
      collectAnchor,
    )
    .option('--json', 'print JSON for scripts')
    .addHelpText(
      'after',
      `
The exit code is 1 if something is wrong. Keep the printed "head" on another machine: entries that
are removed at the end can be detected only with such an anchor.

Examples:
  postern audit verify
  postern audit verify --expect-head 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`,
    )
    .action(verify);
}

async function verify({ expectHead = [], json, ...options }: VerifyOptions): Promise<void> {
  const { config } = loadConfigFrom(options);
  // Loaded on demand: the other commands need no store.
  const { openStore } = await import('../../store/open.ts');
  const { auditFaults, verifyAudit } = await import('../../audit/verify.ts');
  const store = await openStore(config);
  try {
    const { entries, first, head, fault } = await store.audit.read((snapshot) =>
      verifyAudit(snapshot, expectHead),
    );
    const meaning = fault && auditFaults[fault.code];
    if (json) {
      printJson({
        ok: fault === undefined,
        entries,
        first: first ?? null,
        head: head ?? null,
        fault: fault === undefined ? null : { ...fault, meaning },
      });
    } else if (fault !== undefined) {
      print(`entry ${fault.seq}: ${fault.code}\n  ${meaning}`);
      print(
        head === undefined ? 'No entry before it is intact.' : `Intact up to entry ${head.seq}.`,
      );
    } else {
      print(head === undefined ? 'no entries' : `whole: ${entries} entries from ${first} on`);
      if (head !== undefined) print(`head: ${head.seq}:${head.hash}`);
    }
    if (fault !== undefined) process.exitCode = exitCodes.failed;
  } finally {
    await store.close();
  }
}

function withFilters(command: Command): Command {
  return withAdminOptions(command)
    .option('--event <event>', `one of ${auditEvents.join(', ')}`)
    .option('--actor <actor>', 'actor: an admin key, store, token:<id> or postern')
    .option('--token <id>', 'entries about this token')
    .option('--subject <subject>', 'entries about this subject')
    .option('--gate <gate>', 'entries about this gate')
    .option('--since <time>', 'from this time on')
    .option('--until <time>', 'before this time');
}

function toFilterQuery(options: FilterOptions): URLSearchParams {
  const query = toQuery(options, ['event', 'actor', 'subject', 'gate', 'since', 'until']);
  const { token } = options;
  if (token !== undefined) query.set('token_id', token);
  return query;
}

/** Renders an entry as one line: JSON for scripts, else its fields. */
function renderEntry(entry: ShownAuditEntry, { json }: AdminOptions): string {
  if (json) return JSON.stringify(entry);
  const { seq, at, event, actor } = entry;
  const facts = [
    ...(['token_id', 'kind', 'subject', 'gate', 'reason', 'client', 'count'] as const)
      .filter((name) => entry[name] !== null)
      .map((name) => `${name === 'token_id' ? 'token' : name}=${entry[name]}`),
    ...Object.entries(entry.details ?? {}).map(([name, value]) => `${name}=${renderValue(value)}`),
  ];
  return replaceInvisible([seq, at, event.padEnd(12), `by ${actor}`, ...facts].join('  '));
}

function renderValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function parseLines(text: string): number {
  return text === '0' ? 0 : Math.min(parseCount(text), 500);
}

function collectAnchor(text: string, anchors: readonly AuditAnchor[] = []): AuditAnchor[] {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text) ?? [];
  if (seq === undefined || hash === undefined) {
    throw new InvalidArgumentError('Must be the number and the hash of an entry, as in 12:9f86…');
  }
  return [...anchors, { seq: Number(seq), hash: hash.toLowerCase() }];
}
