/**
 * A Postern with workers for tests that look into its log and hold its clock: the program's own primary
 * process and workers, with a log that is written at once and a clock that is in a file.
 */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { startPostern } from '../../src/app/start.ts';
import { startPrimary } from '../../src/cluster/primary.ts';
import { joinPrimary } from '../../src/cluster/worker.ts';
import { loadConfig } from '../../src/config/load.ts';

/** Variables by which the test says how, beside those of the configuration. */
const { TEST_LOG: logFile = '', TEST_CLOCK: clockFile, TEST_CONFIG: file, ...env } = process.env;

const load = () => loadConfig({ ...(file !== undefined && { file }), env }).config;
const config = load();
const log = pino(
  { level: config.log.level, base: null },
  // Each line is in the file before what it tells of is answered.
  pino.destination({ dest: logFile, sync: true, append: true }),
);
let close: () => Promise<void>;
if (cluster.isPrimary) {
  const primary = await startPrimary(config.workers, log);
  close = primary.close;
  process.on('SIGHUP', primary.reload);
  process.send?.(primary.addresses);
} else {
  const worker = await joinPrimary();
  const postern = await startPostern(config, {
    ...{ log, load, bus: worker.bus, maintains: worker.maintains },
    announceAdminKey: () => {},
    ...(clockFile !== undefined && { clock: () => Number(readFileSync(clockFile, 'utf8')) }),
  });
  close = postern.close;
  worker.ready(postern, postern.clusterHandlers);
}
process.once('SIGTERM', () => close().then(() => process.exit(0)));
