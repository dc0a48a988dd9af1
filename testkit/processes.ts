import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a process ended and what it said. */
export interface Ended {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that was started. */
export interface StartedProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and all that it said is here. */
  readonly ended: Promise<Ended>;
  hasEnded(): boolean;
  /** Sends a signal and resolves when it has ended; it is killed when that takes too long. */
  end(signal: NodeJS.Signals): Promise<Ended>;
}

/** How a process is started. */
export interface ProcessOptions {
  readonly cwd: string;
  /** All its variables beside PATH: those of the person at the keyboard must not change results. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts what follows it in its own place, as `nice` does. */
  readonly through?: readonly string[] | undefined;
  /** In a process group of its own, so that one signal reaches its workers too. */
  readonly detached?: boolean | undefined;
  /** Milliseconds after which it is killed. */
  readonly timeout?: number | undefined;
  /** Milliseconds that `end` waits before it kills. */
  readonly patienceMs?: number | undefined;
  /** Writes its output to `service.log` and `service.err` in this directory: a pipe costs the reader time. */
  readonly outputDirectory?: string | undefined;
}

/** Starts a program, with its arguments, in an environment of its own. */
export function spawnProcess(program: readonly string[], options: ProcessOptions): StartedProcess {
  const { cwd, env, through = [], detached = false, timeout, patienceMs = 60_000 } = options;
  const [command = '', ...rest] = [...through, ...program];
  const output = openOutput(options.outputDirectory);
  const child = spawn(command, rest, {
    ...{ cwd, detached },
    ...(timeout !== undefined && { timeout, killSignal: 'SIGKILL' as const }),
    env: { PATH: process.env.PATH, ...env },
    stdio: output.stdio,
  });
  output.listen(child);
  const { stdout, stderr } = output;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout: stdout(), stderr: stderr() }));
  });
  // Who awaits it hears of a failure to start; a process that nobody awaits ends no run.
  ended.catch(() => {});
  return {
    // Not 0 where there is none: that would be a signal to our own group.
    ...{ child, pid: child.pid ?? Number.NaN, stdout, stderr, ended },
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    end(signal) {
      child.kill(signal);
      const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      return ended.finally(() => clearTimeout(patience));
    },
  };
}

/** Where the output of a process goes, and what it said so far. */
interface Output {
  readonly stdio: ['ignore', 'pipe' | number, 'pipe' | number];
  /** To be called once the process is started. */
  listen(child: ChildProcess): void;
  stdout(): string;
  stderr(): string;
}

function openOutput(directory: string | undefined): Output {
  if (directory === undefined) return openPipes();
  mkdirSync(directory, { recursive: true });
  const files = { stdout: join(directory, 'service.log'), stderr: join(directory, 'service.err') };
  const stdout = openSync(files.stdout, 'w');
  const stderr = openSync(files.stderr, 'w');
  return {
    stdio: ['ignore', stdout, stderr],
    listen: () => [stdout, stderr].forEach(closeSync),
    stdout: () => readFileSync(files.stdout, 'utf8'),
    stderr: () => readFileSync(files.stderr, 'utf8'),
  };
}

function openPipes(): Output {
  const said = { stdout: '', stderr: '' };
  return {
    stdio: ['ignore', 'pipe', 'pipe'],
    listen(child) {
      for (const name of ['stdout', 'stderr'] as const) {
        child[name]?.setEncoding('utf8').on('data', (text: string) => {
          said[name] += text;
        });
      }
    },
    stdout: () => said.stdout,
    stderr: () => said.stderr,
  };
}

/** The processes that a process has started: the workers of a service. */
export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.split(' ').filter(Boolean).map(Number);
}
