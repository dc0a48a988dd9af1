import { rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Postern } from '../../app/start.ts';
import type { Addresses } from '../../cluster/messages.ts';
import type { Config } from '../../config/config.ts';
import { renderListenAddress } from '../../config/listen-address.ts';
import type { Warning } from '../../config/warnings.ts';
import { OperatorError } from '../../lib/operator-error.ts';
import { version } from '../../lib/resources.ts';
import { exitCodes } from '../toolkit/exit-codes.ts';
import { type ConfigOptions, loadFrom, withConfigOption } from '../toolkit/options.ts';
import { note } from '../toolkit/output.ts';
import { preserveNextTickObjectShape } from './next-tick-shape.ts';
import { collectGarbageAfterStartup } from './startup-memory.ts';

/** `postern serve`. */
export function registerServeCommand(program: Command): void {
  withConfigOption(program.command('serve').description('run the gate and the admin API'))
    .addHelpText(
      'after',
      `
Examples:
  postern serve
  postern serve --config /etc/postern/postern.yaml
  POSTERN_GATE_LISTEN=unix:/run/postern/gate.sock postern serve`,
    )
    .action(async (options: ConfigOptions) => {
      const { config, warnings } = loadFrom(options);
      // Loaded here, because the other commands do not need a server.
      const { createLogger } = await import('../../telemetry/log/log.ts');
      const { isWorker } = await import('../../cluster/worker.ts');
      const log = createLogger(config.log, { shared: config.workers > 1 });
      const isPrimary = config.workers > 1 && !isWorker;
      const service = isPrimary
        ? await servePrimary(config, log)
        : await serveOne(options, config, log);
      preserveNextTickObjectShape();
      collectGarbageAfterStartup();
      if (isWorker) return;
      warnOfExposure(config, log);
      logWarnings(warnings(), log);
      log.info(
        {
          event: 'start',
          version,
          gate: renderListenAddress(service.gate),
          admin: renderListenAddress(service.admin),
          workers: config.workers > 1 ? config.workers : undefined,
        },
        'ready',
      );
    });
}

/** Serves in this process: the only one, or one of several workers. */
async function serveOne(options: ConfigOptions, config: Config, log: Logger): Promise<Addresses> {
  const { startPostern } = await import('../../app/start.ts');
  const { isWorker, joinPrimary } = await import('../../cluster/worker.ts');
  const worker = isWorker ? await joinPrimary() : undefined;
  const postern = await startPostern(config, {
    log,
    announceAdminKey: announceAdminKey(config.dataDir, log),
    load() {
      const { config: changed, warnings } = loadFrom(options);
      // All workers read it, and one of them says so.
      if (worker === undefined || worker.maintains) logWarnings(warnings(), log);
      return changed;
    },
    ...(worker && { bus: worker.bus, maintains: worker.maintains }),
  }).catch((error: unknown) => {
    // The line to the primary process would keep this one alive.
    worker?.leave();
    throw error;
  });
  // Before anybody is told that it is ready, and may tell it to stop.
  stopOnSignal(postern, log, worker !== undefined);
  if (worker === undefined) process.on('SIGHUP', postern.reload);
  else worker.ready(postern, postern.clusterHandlers);
  return postern;
}

/** Serves with several workers, which this process watches over. */
async function servePrimary(config: Config, log: Logger): Promise<Addresses> {
  const { startPrimary } = await import('../../cluster/primary.ts');
  const { removeStaleSocket } = await import('../../http/listen.ts');
  // Each of the workers would find the others there, and take them for strangers.
  for (const listen of [config.gate.listen, config.admin.listen]) await removeStaleSocket(listen);
  const primary = await startPrimary(config.workers, log);
  stopOnSignal(primary, log);
  process.on('SIGHUP', primary.reload);
  return primary.addresses;
}

/**
 * Shows the key on a terminal, and nowhere else: what a service says on its standard error is kept and read by
 * others. There the key goes into a file for its owner alone, and the log says which.
 */
function announceAdminKey(dataDir: string, log: Logger): (key: string) => void {
  return (key) => {
    if (process.stderr.isTTY) return showAdminKey(key);
    const file = resolve(dataDir, firstKeyFile);
    writePrivateFile(file, `${key}\n`);
    log.warn(
      { event: 'admin_key', file },
      'the admin key of this Postern is in this file, this once: keep it somewhere safe, and delete the file',
    );
  };
}

/** In the data directory. */
const firstKeyFile = 'first-admin-key';

/** Writes a file that is new, whatever stood there. */
function writePrivateFile(file: string, text: string): void {
  try {
    rmSync(file, { force: true });
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(
      `the first admin key cannot be written to ${file}: ${code}; set POSTERN_ADMIN_KEY or POSTERN_ADMIN_KEY_FILE to one of your own`,
    );
  }
}

function showAdminKey(key: string): void {
  const lines = [
    'This is the admin key of this Postern. It is shown this once and',
    'stored only as a hash. Keep it somewhere safe:',
    '',
    key,
    '',
    'To set one of your own at any time, put it into POSTERN_ADMIN_KEY',
    'or the file named by POSTERN_ADMIN_KEY_FILE, and restart.',
  ];
  const width = Math.max(...lines.map((line) => line.length));
  note(`\n┌${'─'.repeat(width + 2)}┐`);
  for (const line of lines) note(`│ ${line.padEnd(width)} │`);
  note(`└${'─'.repeat(width + 2)}┘\n`);
}

function warnOfExposure({ admin }: Config, log: Logger): void {
  if (admin.listen.kind === 'unix') return;
  if (['127.0.0.1', '::1', 'localhost'].includes(admin.listen.host)) return;
  log.warn(
    { event: 'exposure', admin: renderListenAddress(admin.listen) },
    'the admin API listens beyond this machine: keep its port out of reach of strangers',
  );
}

function logWarnings(warnings: readonly Warning[], log: Logger): void {
  for (const { code, where, path, message } of warnings) {
    log.warn({ event: 'config', code, setting: path, where }, message);
  }
}

/** The first signal stops in order; whoever sends a second one does not want to wait. */
function stopOnSignal(service: Pick<Postern, 'close'>, log: Logger, isWorker = false): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A terminal sends its signals to all processes; the primary process tells workers when to stop.
    if (isWorker && (signal === 'SIGINT' || stopping)) return;
    if (stopping) process.exit(exitCodes.failed);
    stopping = true;
    if (!isWorker) log.info({ event: 'stop', signal }, 'stopping');
    service.close().then(
      () => {
        if (!isWorker) log.info({ event: 'stop' }, 'stopped');
        log.flush(() => process.exit(exitCodes.ok));
      },
      (error: unknown) => {
        log.error({ event: 'stop', err: error }, 'could not stop in order');
        process.exit(exitCodes.failed);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
