import { Command, CommanderError } from 'commander';
import { WorkersFailed } from '../cluster/failed.ts';
import { ConfigError } from '../config/config-error.ts';
import { OperatorError } from '../lib/operator-error.ts';
import { Refused } from '../lib/refused.ts';
import { version } from '../lib/resources.ts';
import { registerAuditCommands } from './audit/audit.ts';
import { registerBridgeCommands } from './bridge.ts';
import { registerConfigCommands } from './config.ts';
import { registerDemoCommand } from './demo.ts';
import { registerDoctorCommands } from './doctor/doctor.ts';
import { registerExplainCommand } from './explain/explain.ts';
import { registerGateCommands } from './gates.ts';
import { registerHealthcheckCommand } from './healthcheck.ts';
import { registerJwtCommands } from './jwt.ts';
import { registerKeyCommands } from './key.ts';
import { registerNginxCommands } from './nginx.ts';
import { registerServeCommand } from './serve/serve.ts';
import { registerSigningKeyCommands } from './signing-key.ts';
import { registerBackupCommands } from './store/backup.ts';
import { registerStoreCommands } from './store/store.ts';
import { registerThrottleCommands } from './throttle.ts';
import { registerTokenCommands } from './token/token.ts';
import { exitCodes } from './toolkit/exit-codes.ts';
import { printStderr } from './toolkit/output.ts';

const program = new Command('postern')
  .description(
    "Answers nginx's auth_request for WebSocket handshakes: 200 or 401, never a redirect.",
  )
  .version(version)
  .exitOverride()
  .showHelpAfterError('(add --help for usage)')
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 wrong configuration,
4 the service, or something that it needs, is unavailable.`,
  );
const commands = [
  registerServeCommand,
  registerTokenCommands,
  registerJwtCommands,
  registerKeyCommands,
  registerSigningKeyCommands,
  registerAuditCommands,
  registerThrottleCommands,
  registerGateCommands,
  registerBridgeCommands,
  registerExplainCommand,
  registerConfigCommands,
  registerBackupCommands,
  registerStoreCommands,
  registerNginxCommands,
  registerHealthcheckCommand,
  registerDoctorCommands,
  registerDemoCommand,
];
for (const register of commands) register(program);

// A reader that stops early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failed);
});
// A failed write to standard error, as on a full disk, must not end the process.
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints an error and returns its exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  // The worker has printed the reason.
  if (error instanceof WorkersFailed) return error.exitCode;
  if (error instanceof ConfigError) {
    printStderr(`postern: ${error.message}`);
    return exitCodes.config;
  }
  if (error instanceof OperatorError) {
    printStderr(`postern: ${error.message}`);
    return exitCodes.unavailable;
  }
  if (error instanceof Refused) {
    printStderr(`postern: ${error.message}`);
    return exitCodes.failed;
  }
  printStderr(
    `postern: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.failed;
}
