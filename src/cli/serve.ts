import type { Command } from 'commander';
import type { Logger } from 'pino';
import type { Postern } from '../compose.ts';
import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/config-error.ts';
import { renderListenAddress } from '../config/listen-address.ts';
import { version } from '../resources.ts';
import { exitCodes } from './exit-codes.ts';
import { type ConfigOptions, loadFrom, withConfigOption } from './options.ts';
import { note } from './output.ts';

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
      const { config } = loadFrom(options);
      // Loaded here, because the other commands do not need a server.
      const { startPostern } = await import('../compose.ts');
      const { createLogger } = await import('../services/log.ts');
      const log = createLogger(config.log);
      const postern = await startPostern(config, {
        log,
        announceAdminKey,
        load: () => loadFrom(options).config,
      });
      // Before anybody is told that it is ready, and may tell it to stop.
      stopOnSignal(postern, log);
      reloadOnSignal(postern);
      warnOfExposure(config, log);
      log.info(
        {
          event: 'start',
          version,
          gate: renderListenAddress(postern.gate),
          admin: renderListenAddress(postern.admin),
        },
        'ready',
      );
    });
}

/** Goes to standard error and not to the log: logs are kept and read by others. */
function announceAdminKey(key: string): void {
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

/** What a faulty configuration says is in the log; the old rules stay in force. */
function reloadOnSignal({ reload }: Postern): void {
  process.on('SIGHUP', () => {
    try {
      reload();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  });
}

/** The first signal stops in order; whoever sends a second one does not want to wait. */
function stopOnSignal(postern: Postern, log: Logger): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(exitCodes.failed);
    stopping = true;
    log.info({ event: 'stop', signal }, 'stopping');
    postern.close().then(
      () => {
        log.info({ event: 'stop' }, 'stopped');
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
