import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import Database from 'better-sqlite3';

/** The environment that the numbers depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly versions: Readonly<Record<'node' | 'nginx' | 'sqlite' | 'wrk', string>>;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  const db = new Database(':memory:');
  const sqlite = db.prepare('SELECT sqlite_version()').pluck().get() as string;
  db.close();
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    versions: {
      node: process.versions.node,
      nginx: readVersion('nginx', /nginx\/(\S+)/),
      sqlite,
      wrk: readVersion('wrk', /wrk \S*?(\d+\.\d+\.\d+)/),
    },
  };
}

function readVersion(program: string, pattern: RegExp): string {
  // Debian installs nginx in a directory that is not in every user's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const { stdout, stderr } = spawnSync(program, ['-v'], { env, encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
}
