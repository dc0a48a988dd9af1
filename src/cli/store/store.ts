import type { Command } from 'commander';
import type { StoreReport } from '../../store/sqlite/check.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import { type ConfigOptions, loadConfigFrom, withConfigOption } from '../toolkit/options.ts';
import { print, printJson, renderTable } from '../toolkit/output.ts';
import { renderRowCounts } from '../toolkit/store-output.ts';

/** `postern store …`. */
export function registerStoreCommands(program: Command): void {
  const store = program.command('store').description('check the token store');

  withConfigOption(
    store
      .command('check [file]')
      .description('check the token store, or a backup or copy of one; changes nothing'),
  )
    .option('--json', 'print JSON for scripts')
    .addHelpText(
      'after',
      `
Works while a service is running. Exit codes: 0 no problem, 1 a problem, 4 there is no store.

Examples:
  postern store check
  postern store check --json /var/backups/postern.db`,
    )
    .action(async (file: string | undefined, options: ConfigOptions & { json?: boolean }) => {
      const place = file ?? loadConfigFrom(options).config.dataDir;
      const { checkStore, formatMebibytes } = await import('../../store/sqlite/check.ts');
      const report = checkStore(place);
      if (options.json) printJson(renderJson(report));
      else printReport(report, formatMebibytes);
      if (report.problems.length > 0) process.exitCode = exitCodes.failed;
    });
}

function renderJson(report: StoreReport): unknown {
  return {
    path: report.path,
    problems: report.problems,
    schema: report.schema,
    newest_schema: report.newestSchema,
    size: report.size,
    log_size: report.logSize,
    unused: report.unused,
    free: report.free,
    rows: report.rows,
  };
}

function printReport(report: StoreReport, size: (bytes: number) => string): void {
  const { path, schema, newestSchema, rows, problems } = report;
  const isOld = schema > 0 && schema < newestSchema;
  print(
    renderTable(
      ['', ''],
      [
        ['store', path],
        ['schema', `${schema}${isOld ? ` (the next start brings it up to ${newestSchema})` : ''}`],
        ['rows', renderRowCounts(rows)],
        ['size', `${size(report.size)}, of which ${size(report.unused)} unused`],
        ['write-ahead log', size(report.logSize)],
        ['free on disk', size(report.free)],
      ],
    ),
  );
  print();
  if (problems.length === 0) print('The store has no problem.');
  for (const { code, message } of problems) print(`${code}: ${message}`);
}
