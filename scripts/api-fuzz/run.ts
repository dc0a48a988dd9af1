/**
 * Compares the admin API with what its OpenAPI document says, by Schemathesis
 * (https://schemathesis.readthedocs.io): random requests, right ones and wrong ones, to a Postern of
 * its own on loopback. Ends with the exit code of Schemathesis. Options after `--` go to it as they are.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';
import { openScope } from '../../testkit/scope.ts';
import { makePythonEnvironment, needPython } from '../python.ts';

const settings = join(import.meta.dirname, 'schemathesis.toml');
const environment = {
  home: join(packageRoot, 'node_modules/.cache/postern-api-fuzz'),
  requirements: join(import.meta.dirname, 'requirements.txt'),
};
/** What the command `schemathesis` does; the one that pip writes knows where it was installed first. */
const start = 'from schemathesis.cli import schemathesis; schemathesis()';

/** Requests an operation, and seconds for all of them, unless options say otherwise. */
const usual = ['--max-examples', '100', '--max-time', '180'];

makePythonEnvironment(environment);
const python = needPython(environment);
const scope = openScope();
const directory = temporaryDirectory(scope);
// All that is logged at this level is what Postern calls a failure of its own.
const postern = await startTestPostern(scope, {
  env: { POSTERN_LOG_LEVEL: 'error' },
  singleProcess: true,
});
try {
  const { admin } = postern;
  if (admin.kind !== 'tcp') throw new Error('the admin listener should be on loopback');
  const options = [
    ...['--config-file', settings, 'run', `http://127.0.0.1:${admin.port}/openapi.json`],
    ...['--header', `Authorization: Bearer ${adminKey}`],
    // It never ends, which is what it is for.
    ...['--exclude-path', '/v1/events'],
    ...['--continue-on-failure', '--generation-database', 'none', '--request-timeout', '10'],
    ...usual,
    ...process.argv.slice(2),
  ];
  const fuzzer = spawn(python, ['-c', start, ...options], {
    cwd: directory,
    stdio: 'inherit',
  });
  const code = await new Promise<number>((resolve, reject) => {
    fuzzer.on('error', reject);
    fuzzer.on('close', (status) => resolve(status ?? 1));
  });
  const failures = postern.rawLog();
  process.stderr.write(failures);
  process.exitCode = failures === '' ? code : 1;
} finally {
  await scope.close();
}
