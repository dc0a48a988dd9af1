/**
 * Compares the admin API with what its OpenAPI document says, by Schemathesis
 * (https://schemathesis.readthedocs.io): random requests, right ones and wrong ones, to a Postern of
 * its own on loopback. Ends with the exit code of Schemathesis. Options after `--` go to it as they are.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { startPostern } from '../../src/app/start.ts';
import { loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { makePythonEnvironment, needPython } from '../python.ts';

const settings = join(import.meta.dirname, 'schemathesis.toml');
const environment = {
  home: join(packageRoot, 'node_modules/.cache/postern-api-fuzz'),
  requirements: join(import.meta.dirname, 'requirements.txt'),
};
/** What the command `schemathesis` does; the one that pip writes knows where it was installed first. */
const start = 'from schemathesis.cli import schemathesis; schemathesis()';
const key = 'psa_api-fuzz-0123456789-abcdefghijklmnop';

/** Requests an operation, and seconds for all of them, unless options say otherwise. */
const usual = ['--max-examples', '100', '--max-time', '180'];

makePythonEnvironment(environment);
const python = needPython(environment);
const directory = mkdtempSync(join(tmpdir(), 'postern-api-fuzz-'));
const load = () =>
  loadConfig({
    env: {
      POSTERN_GATE_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
      POSTERN_DATA_DIR: join(directory, 'data'),
      POSTERN_ADMIN_KEY: key,
    },
  }).config;
/** What Postern calls a failure of its own. */
const failures: string[] = [];
const sink = new Writable({
  write(line, _encoding, done) {
    failures.push(String(line));
    done();
  },
});
const postern = await startPostern(load(), {
  log: pino({ level: 'error', base: null }, sink),
  announceAdminKey: () => {},
  load,
});
try {
  const { admin } = postern;
  if (admin.kind !== 'tcp') throw new Error('the admin listener should be on loopback');
  const options = [
    ...['--config-file', settings, 'run', `http://127.0.0.1:${admin.port}/openapi.json`],
    ...['--header', `Authorization: Bearer ${key}`],
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
  for (const line of failures) process.stderr.write(line);
  process.exitCode = failures.length > 0 ? 1 : code;
} finally {
  await postern.close();
  rmSync(directory, { recursive: true, force: true });
}
