import { resolve } from 'node:path';
import type { Command } from 'commander';
import { replaceInvisible } from '../../lib/replace-invisible.ts';
import type { RevertedChanges } from '../../store/sqlite/compare.ts';
import { type ConfigOptions, loadConfigFrom, withConfigOption } from '../toolkit/options.ts';
import { print } from '../toolkit/output.ts';
import { renderRowCounts } from '../toolkit/store-output.ts';

/** `postern backup` and `postern restore`. */
export function registerBackupCommands(program: Command): void {
  withConfigOption(
    program
      .command('backup <file>')
      .description('copy the token store to a file, also while a service uses it'),
  )
    .option('--force', 'replace the file if it exists')
    .addHelpText(
      'after',
      `
The copy is checked before it gets its name. It does not include postern.key in data_dir, which
decrypts the signing keys: keep a separate copy of that file.

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
      .description('replace the token store by a backup; no service may be running'),
  )
    .addHelpText(
      'after',
      `
The previous store is kept beside the new one. Tokens that were revoked after the backup are valid
again; the command lists them, if it can read the previous store.

Example:
  postern restore /var/backups/postern.db`,
    )
    .action(async (file: string, options: ConfigOptions) => {
      const { dataDir } = loadConfigFrom(options).config;
      const { restoreStore } = await import('../../store/sqlite/restore.ts');
      const { facts, previousStore, reverted } = await restoreStore(
        dataDir,
        resolve(file),
        Date.now(),
      );
      print(`Restored ${file} into ${dataDir} (schema ${facts.schema}).`);
      print(renderRowCounts(facts.rows));
      if (facts.schema < facts.newestSchema) {
        print(`The next start migrates its schema to ${facts.newestSchema}.`);
      }
      if (previousStore === undefined) print('There was no previous store.');
      else print(`The previous store is kept: ${previousStore}`);
      print();
      for (const line of renderUndone(reverted)) print(line);
    });
}

/** Lists what to revoke again before clients reconnect. */
function renderUndone(reverted: RevertedChanges | undefined): string[] {
  if (reverted === undefined) {
    return [
      'Changes after the backup are lost: tokens that were revoked since then are valid',
      'again, and so are used tickets and single-use JWTs. No readable previous store can list them.',
      'Before clients reconnect, revoke them again by your records, or all of a subject or a gate',
      '(postern token revoke --store --subject <subject>).',
    ];
  }
  const { reinstatedTokens, restoredUses, reinstatedKeys, reinstatedJwts, lostTokens } = reverted;
  const parts = [
    ...(reinstatedTokens.length > 0
      ? [
          `Revoked or deleted since the backup, and valid again: ${reinstatedTokens.length}. Before clients reconnect:`,
          ...revokeCommands(reinstatedTokens),
        ]
      : []),
    ...(restoredUses.length > 0
      ? [
          `Tickets and counted tokens whose uses since the backup are lost: ${restoredUses.length}. To revoke them:`,
          ...revokeCommands(restoredUses),
        ]
      : []),
    ...(reinstatedKeys.length > 0
      ? [
          `Admin keys that were revoked since the backup, and are valid again: ${reinstatedKeys.length}. To revoke them:`,
          ...reinstatedKeys.map((name) => `  postern key revoke --store ${name}`),
        ]
      : []),
    ...(reinstatedJwts.length > 0
      ? [
          `JWTs that were revoked since the backup, and are valid again: ${reinstatedJwts.length}. Revoke them again (postern jwt revoke):`,
          ...reinstatedJwts.map((what) => `  ${replaceInvisible(what)}`),
        ]
      : []),
    ...(lostTokens > 0 ? [`Tokens issued since the backup, now unknown: ${lostTokens}.`] : []),
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
