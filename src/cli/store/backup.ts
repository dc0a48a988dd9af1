import { resolve } from 'node:path';
import type { Command } from 'commander';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import type { Undone } from '../../store/sqlite/compare.ts';
import { type ConfigOptions, loadConfigFrom, withConfigOption } from '../toolkit/options.ts';
import { print } from '../toolkit/output.ts';
import { renderRowCounts } from '../toolkit/store-output.ts';

/** `postern backup` and `postern restore`. */
export function registerBackupCommands(program: Command): void {
  withConfigOption(
    program
      .command('backup <file>')
      .description('copy the token store to a file, while a service runs on it'),
  )
    .option('--force', 'replace the file if it exists')
    .addHelpText(
      'after',
      `
The copy is checked before it gets its name. The key that opens signing keys (postern.key in
data_dir) is not in it: keep a copy of that apart.

Examples:
  postern backup /var/backups/postern.db
  postern backup --force /var/backups/postern.db`,
    )
    .action(async (file: string, options: ConfigOptions & { force?: boolean }) => {
      const { dataDir } = loadConfigFrom(options).config;
      const { backUpStore } = await import('../../store/sqlite/backup.ts');
      const overwrite = options.force === true;
      const { schema, rows } = await backUpStore(dataDir, resolve(file), { overwrite });
      print(`Backed up ${dataDir} to ${file} and checked it (schema ${schema}).`);
      print(renderRowCounts(rows));
    });

  withConfigOption(
    program
      .command('restore <file>')
      .description('put a backup in the place of the token store; no service may be running'),
  )
    .addHelpText(
      'after',
      `
The store that is there is kept beside it. Whatever was revoked after the backup was made is good
again; this says what that is, where it can tell.

Example:
  postern restore /var/backups/postern.db`,
    )
    .action(async (file: string, options: ConfigOptions) => {
      const { dataDir } = loadConfigFrom(options).config;
      const { restoreStore } = await import('../../store/sqlite/restore.ts');
      const { facts, kept, undone } = await restoreStore(dataDir, resolve(file), Date.now());
      print(`Restored ${file} into ${dataDir} (schema ${facts.schema}).`);
      print(renderRowCounts(facts.rows));
      if (facts.schema < facts.newestSchema) {
        print(`The next start brings its schema up to ${facts.newestSchema}.`);
      }
      if (kept === undefined) print('There was no store before.');
      else print(`The store from before is kept: ${kept}`);
      print();
      for (const line of renderUndone(undone)) print(line);
    });
}

/** Lists what to revoke again before clients reconnect. */
function renderUndone(undone: Undone | undefined): string[] {
  if (undone === undefined) {
    return [
      'What happened after the backup was made has not happened: tokens that were revoked since are good',
      'again, and tickets and JWTs that were used once. There is no readable store from before to say which.',
      'Before clients get back: revoke again what your records say, or all of a subject or a gate',
      '(postern token revoke --store --subject <subject>).',
    ];
  }
  const { goodAgain, usesAgain, keysAgain, jwtsAgain, gone } = undone;
  const parts = [
    ...(goodAgain.length > 0
      ? [
          `Revoked or deleted since the backup, and good again: ${goodAgain.length}. Before clients get back:`,
          ...revokeCommands(goodAgain),
        ]
      : []),
    ...(usesAgain.length > 0
      ? [
          `Tickets and counted tokens whose uses since the backup do not count any more: ${usesAgain.length}. To end them:`,
          ...revokeCommands(usesAgain),
        ]
      : []),
    ...(keysAgain.length > 0
      ? [
          `Admin keys that were revoked since the backup, and are good again: ${keysAgain.length}. To end them:`,
          ...keysAgain.map((name) => `  postern key revoke --store ${name}`),
        ]
      : []),
    ...(jwtsAgain.length > 0
      ? [
          `JWTs that were revoked since the backup, and are good again: ${jwtsAgain.length}. Revoke them again (postern jwt revoke):`,
          ...jwtsAgain.map((what) => `  ${replaceInvisible(what)}`),
        ]
      : []),
    ...(gone > 0 ? [`Tokens issued since the backup that nobody knows now: ${gone}.`] : []),
  ];
  return parts.length > 0 ? parts : ['Nothing was issued, used or revoked since the backup.'];
}

/** Ids per command, to stay below the limit of a command line. */
const idsPerCommand = 50;

function revokeCommands(ids: readonly string[]): string[] {
  const commands = [];
  for (let i = 0; i < ids.length; i += idsPerCommand) {
    commands.push(`  postern token revoke --store ${ids.slice(i, i + idsPerCommand).join(' ')}`);
  }
  return commands;
}
