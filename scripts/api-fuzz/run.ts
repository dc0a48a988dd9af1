/**
 * Fuzzes the admin API against its OpenAPI document with Schemathesis
 * (https://schemathesis.readthedocs.io): valid and invalid requests to a Postern on loopback. Exits
 * with Schemathesis's exit code. Options after `--` are passed on.
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
/** The `schemathesis` command; pip's script contains the path of its first installation. */
const start = 'from schemathesis.cli import schemathesis; schemathesis()';

/** Requests per operation, and seconds in total; options override them. */
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
    // An endless stream.
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
