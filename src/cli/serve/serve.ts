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
import { type ConfigOptions, loadConfigFrom, withConfigOption } from '../toolkit/options.ts';
import { printStderr } from '../toolkit/output.ts';
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
      const { config, warnings } = loadConfigFrom(options);
      // Loaded on demand: the other commands need no server.
      const { createLogger } = await import('../../telemetry/log/log.ts');
      const { isWorker } = await import('../../cluster/worker.ts');
      const log = createLogger(config.log, { shared: config.workers > 1 });
      const isPrimary = config.workers > 1 && !isWorker;
      const service = isPrimary
        ? await servePrimary(config, log)
        : await serveInProcess(options, config, log);
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

/** Runs the service in this process: the only one, or a worker. */
async function serveInProcess(
  options: ConfigOptions,
  config: Config,
  log: Logger,
): Promise<Addresses> {
  const { startPostern } = await import('../../app/start.ts');
  const { isWorker, joinPrimary } = await import('../../cluster/worker.ts');
  const worker = isWorker ? await joinPrimary() : undefined;
  const postern = await startPostern(config, {
    log,
    announceAdminKey: announceAdminKey(config.dataDir, log),
    load() {
      const { config: changed, warnings } = loadConfigFrom(options);
      // All workers load the configuration; one of them logs the warnings.
      if (worker === undefined || worker.maintains) logWarnings(warnings(), log);
      return changed;
    },
    ...(worker && { bus: worker.bus, maintains: worker.maintains }),
  }).catch((error: unknown) => {
    // The IPC channel to the primary would keep this process alive.
    worker?.leave();
    throw error;
  });
  // Before it reports ready: a signal may follow at once.
  stopOnSignal(postern, log, worker !== undefined);
  if (worker === undefined) process.on('SIGHUP', postern.reload);
  else worker.ready(postern, postern.clusterHandlers);
  return postern;
}

/** Runs the service with several workers, supervised by this process. */
async function servePrimary(config: Config, log: Logger): Promise<Addresses> {
  const { startPrimary } = await import('../../cluster/primary.ts');
  const { removeStaleSocket } = await import('../../http/listen.ts');
  // Done here once: a worker would take the sockets of the others for stale ones.
  for (const listen of [config.gate.listen, config.admin.listen]) await removeStaleSocket(listen);
  const primary = await startPrimary(config.workers, log);
  stopOnSignal(primary, log);
  process.on('SIGHUP', primary.reload);
  return primary.addresses;
}

/**
 * Shows the first admin key on a terminal only: a service's standard error is stored and read by
 * others. Without a terminal the key goes into a file that only its owner can read, and the log
 * names the file.
 */
function announceAdminKey(dataDir: string, log: Logger): (key: string) => void {
  return (key) => {
    if (process.stderr.isTTY) return showAdminKey(key);
    const file = resolve(dataDir, firstKeyFile);
    writePrivateFile(file, `${key}\n`);
    log.warn(
      { event: 'admin_key', file },
      'the admin key of this Postern is in this file: store it in a safe place, and delete the file',
    );
  };
}

/** Name of that file in the data directory. */
const firstKeyFile = 'first-admin-key';

/** Creates a private file, in place of an existing one. */
function writePrivateFile(file: string, text: string): void {
  try {
    rmSync(file, { force: true });
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(
      `the first admin key cannot be written to ${file}: ${code}; set POSTERN_ADMIN_KEY or POSTERN_ADMIN_KEY_FILE to your own key`,
    );
  }
}

function showAdminKey(key: string): void {
  const lines = [
    'This is the admin key of this Postern. It is shown only once and',
    'stored only as a hash. Store it in a safe place:',
    '',
    key,
    '',
    'To use your own key instead, set POSTERN_ADMIN_KEY',
    'or the file named by POSTERN_ADMIN_KEY_FILE, and restart.',
  ];
  const width = Math.max(...lines.map((line) => line.length));
  printStderr(`\n┌${'─'.repeat(width + 2)}┐`);
  for (const line of lines) printStderr(`│ ${line.padEnd(width)} │`);
  printStderr(`└${'─'.repeat(width + 2)}┘\n`);
}

function warnOfExposure({ admin }: Config, log: Logger): void {
  if (admin.listen.kind === 'unix') return;
  if (['127.0.0.1', '::1', 'localhost'].includes(admin.listen.host)) return;
  log.warn(
    { event: 'exposure', admin: renderListenAddress(admin.listen) },
    'the admin API listens on an address beyond this machine: restrict access to its port',
  );
}

function logWarnings(warnings: readonly Warning[], log: Logger): void {
  for (const { code, where, path, message } of warnings) {
    log.warn({ event: 'config', code, setting: path, where }, message);
  }
}

/** Shuts down gracefully on the first signal, and at once on the second. */
function stopOnSignal(service: Pick<Postern, 'close'>, log: Logger, isWorker = false): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A terminal signals all processes; the primary tells workers when to stop.
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
