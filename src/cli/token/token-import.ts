import { readdirSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { parse } from 'csv-parse/sync';
import { OperatorError } from '../../lib/operator-error.ts';
import { FileRefused, readRegularFile } from '../../lib/regular-file.ts';
import { expectSuccess } from '../toolkit/admin-response.ts';
import { CommandFailed } from '../toolkit/command-failed.ts';
import { type AdminOptions, collect, withAdmin, withAdminOptions } from '../toolkit/options.ts';
import { printJson, printStderr } from '../toolkit/output.ts';
import { checkGates, strictOption } from './check-gates.ts';

interface ImportOptions extends AdminOptions {
  readonly subject?: string;
  readonly gate?: string[];
  readonly strict?: boolean;
  readonly expiresIn?: string;
  readonly allowWeak?: boolean;
}

/** A token to import, in the fields of the admin API. `where` is its position, for messages. */
interface Entry {
  readonly where: string;
  readonly body: Record<string, unknown>;
}

/** Tokens per request. */
const batchSize = 200;

/** Bytes; a million tokens fit. */
const maxBytes = 256 * 1024 * 1024;

/** Columns of a CSV file that hold several values, separated by spaces. */
const listColumns = ['gates', 'paths', 'origins', 'networks'];

/** `postern token import`. */
export function registerImportCommand(token: Command): void {
  withAdminOptions(
    token.command('import <source>').description('import existing tokens; only hashes are stored'),
  )
    .option('--subject <subject>', 'subject, if the source has none')
    .option(
      '--gate <gate>',
      'gates where they are valid, if the source has none; repeatable',
      collect,
    )
    .option(...strictOption)
    .option(
      '--expires-in <duration>',
      'lifetime from now on, or never, if the source has none (default: tokens.default_ttl)',
    )
    .option('--allow-weak', 'also import secrets under 128 bits, and mark them as weak')
    .addHelpText(
      'after',
      `
The source is one of
  a directory      each file name is a token, as in "touch /var/lib/nginx/tokens/ABCDEF"
  FILE.csv         a heading with the column "secret" and any of subject, gates, paths, origins,
                   networks, expires_in, expires_at, not_before, label, max_uses
  any other file   JSON lines, each an object with "secret" and the fields of POST /v1/tokens

Examples:
  postern token import /var/lib/nginx/tokens --subject media --gate media
  postern token import tokens.csv --allow-weak
  postern token import tokens.jsonl --store`,
    )
    .action((source: string, options: ImportOptions) => {
      const entries = readSource(source).map((entry) => withDefaults(entry, options));
      return withAdmin(options, async (admin) => {
        await checkGates(admin, entries.flatMap(gatesOf), options);
        let defaulted: { count: number; expiresAt: string | undefined } = {
          count: 0,
          expiresAt: undefined,
        };
        const counts = { imported: 0, imported_weak: 0, known: 0, refused_weak: 0 };
        for (let start = 0; start < entries.length; start += batchSize) {
          const batch = entries.slice(start, start + batchSize);
          const answer = await admin.send('POST', '/v1/tokens/import', {
            allow_weak: options.allowWeak ?? false,
            tokens: batch.map(({ body }) => body),
          });
          const about = `${batch[0]?.where} to ${batch.at(-1)?.where}`;
          const { results, default_expires_at: expiresAt } = expectSuccess(answer, about) as {
            results: (keyof typeof counts)[];
            default_expires_at?: string;
          };
          for (const [index, result] of results.entries()) {
            counts[result]++;
            const isNew = result === 'imported' || result === 'imported_weak';
            if (isNew && !hasExpiry(batch[index])) {
              defaulted = { count: defaulted.count + 1, expiresAt };
            }
            if (result === 'refused_weak')
              printStderr(`${batch[index]?.where}: refused, because its secret can be guessed`);
          }
        }
        if (defaulted.count > 0) {
          printStderr(
            `${defaulted.count} had no expiry and expire on ${defaulted.expiresAt} (tokens.default_ttl); --expires-in never imports such tokens without one`,
          );
        }
        report(counts, options);
      });
    });
}

function report(
  counts: Record<'imported' | 'imported_weak' | 'known' | 'refused_weak', number>,
  { json }: ImportOptions,
): void {
  if (json) printJson(counts);
  printStderr(
    `${counts.imported + counts.imported_weak} imported (${counts.imported_weak} weak), ${counts.known} known already, ${counts.refused_weak} refused`,
  );
  if (counts.refused_weak > 0) {
    throw new CommandFailed(
      'secrets under 128 bits were refused; --allow-weak imports and marks them',
    );
  }
}

function hasExpiry(entry: Entry | undefined): boolean {
  return entry?.body.expires_in !== undefined || entry?.body.expires_at !== undefined;
}

/** The service checks the form of the field. */
function gatesOf({ body: { gates } }: Entry): string[] {
  return Array.isArray(gates) ? gates.filter((gate) => typeof gate === 'string') : [];
}

function withDefaults(entry: Entry, { subject, gate, expiresIn }: ImportOptions): Entry {
  return {
    ...entry,
    body: {
      ...(subject !== undefined && { subject }),
      ...(gate !== undefined && { gates: gate }),
      ...(expiresIn !== undefined && !hasExpiry(entry) && { expires_in: expiresIn }),
      ...entry.body,
    },
  };
}

function readSource(source: string): Entry[] {
  try {
    if (statSync(source).isDirectory()) return readDirectory(source);
    const text = readRegularFile(source, maxBytes);
    return source.endsWith('.csv') ? readCsv(source, text) : readJsonLines(source, text);
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    if (error instanceof FileRefused) throw new OperatorError(`${source}: ${error.message}`);
    throw new OperatorError(`cannot read ${source}: ${(error as Error).message}`);
  }
}

/** The file names are secrets, so messages number the files. */
function readDirectory(directory: string): Entry[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((file) => file.isFile() && !file.name.startsWith('.'))
    .sort((a, b) => a.name.localeCompare(b.name))
    .map(({ name }, index) => ({
      where: `${directory}: file ${index + 1}`,
      body: { secret: name },
    }));
}

function readJsonLines(file: string, text: string): Entry[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return [];
    const where = `${file}:${index + 1}`;
    const body = parseObject(line);
    // The line is not shown: it holds a secret.
    if (body === undefined) throw new CommandFailed(`${where}: not a JSON object`);
    return [{ where, body }];
  });
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function readCsv(file: string, text: string): Entry[] {
  const [heading, ...rows] = parse(text, {
    skip_empty_lines: true,
    trim: true,
    relax_column_count: true,
    bom: true,
  });
  if (heading === undefined || !heading.includes('secret')) {
    throw new CommandFailed(`${file}:1: the heading has no column "secret"`);
  }
  return rows.map((cells, index) => {
    const where = `${file}: row ${index + 2}`;
    if (cells.length !== heading.length) {
      throw new CommandFailed(
        `${where}: ${cells.length} cells where the heading has ${heading.length}`,
      );
    }
    const filled = heading.map((name, column) => [name, cells[column] ?? ''] as const);
    const body = filled
      .filter(([, cell]) => cell !== '')
      .map(([name, cell]) => [name, readCell(name, cell)] as const);
    return { where, body: Object.fromEntries(body) };
  });
}

function readCell(name: string, cell: string): unknown {
  if (listColumns.includes(name)) return cell.split(/ +/);
  return name === 'max_uses' ? Number(cell) : cell;
}
