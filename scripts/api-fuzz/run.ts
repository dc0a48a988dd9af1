/**
 * Fuzzes the admin API against its OpenAPI document with Schemathesis
 * (https://schemathesis.readthedocs.io): valid and invalid requests to a Postern on loopback. Exits
 * with Schemathesis's exit code. Options after `--` are passed on.
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
/** The `schemathesis` command; pip's script contains the path of its first installation. */
const start = 'from schemathesis.cli import schemathesis; schemathesis()';
const key = 'psa_api-fuzz-0123456789-abcdefghijklmnop';

/** Requests per operation, and seconds in total; options override them. */
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
/** Error lines of Postern's log. */
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
  for (const line of failures) process.stderr.write(line);
  process.exitCode = failures.length > 0 ? 1 : code;
} finally {
  await postern.close();
  rmSync(directory, { recursive: true, force: true });
}
