import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { needPython } from '../../../scripts/python.ts';

interface Framework {
  readonly name: string;
  /** File of this folder, and arguments. */
  readonly command: readonly [file: string, ...args: string[]];
  /** Whether it opens sockets; else a handshake is a page to it. */
  readonly sockets: boolean;
}

/** Web frameworks that stand behind nginx, each with an idiomatic small program in this folder. */
export const frameworks = [
  { name: 'express', command: ['express.ts'], sockets: true },
  { name: 'fastify', command: ['fastify.ts'], sockets: true },
  { name: 'fastify-lenient', command: ['fastify.ts', 'lenient'], sockets: true },
  { name: 'koa', command: ['koa.ts'], sockets: true },
  { name: 'hono', command: ['hono.ts'], sockets: true },
  { name: 'starlette', command: ['starlette_app.py'], sockets: true },
  { name: 'aiohttp', command: ['aiohttp_app.py'], sockets: true },
  { name: 'flask', command: ['flask_app.py'], sockets: false },
] as const satisfies readonly Framework[];

/** The name of one. */
export type FrameworkName = (typeof frameworks)[number]['name'];

/** A handler that ran, as the program itself says. */
export interface HandlerRun {
  /** The value of `X-Case` in the request. */
  readonly case: string;
  /** `admin`, `room:ID`, `status`, `home`, or `other` for what is not found. */
  readonly handler: string;
  /** The request target as it was received. */
  readonly target: string;
}

/** A program that runs. */
export interface Backend {
  readonly name: FrameworkName;
  readonly port: number;
  /** Whether it opens sockets; else a handshake is a page to it. */
  readonly sockets: boolean;
  /** All that ran since this was asked last, for requests that are answered by now. */
  takeRuns(): Promise<HandlerRun[]>;
  close(): Promise<void>;
}

type Told = HandlerRun | { readonly port: number } | { readonly mark: string };

/** Starts the program of a framework on a free port. It ends with this process at the latest. */
export async function startFramework(name: FrameworkName): Promise<Backend> {
  const { command, sockets } = frameworks.find((one) => one.name === name) as Framework;
  const [file, ...args] = command;
  const program = file.endsWith('.py') ? needPython() : process.execPath;
  const child = spawn(program, [join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', NODE_ENV: 'production' },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-4_000);
  });
  const failure = ended.then(() => new Error(`the program of ${name} ended: ${errors}`));
  let runs: HandlerRun[] = [];
  const marks = new Map<string, () => void>();
  let marked = 0;
  const port = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as Told;
      if ('port' in told) resolve(told.port);
      else if ('mark' in told) marks.get(told.mark)?.();
      else runs.push(told);
    });
  });
  return {
    name,
    port: await unlessEnded(port, failure),
    sockets,
    async takeRuns() {
      const mark = String(++marked);
      const back = new Promise<void>((resolve) => marks.set(mark, resolve));
      child.stdin.write(`${mark}\n`);
      await unlessEnded(back, failure);
      marks.delete(mark);
      const taken = runs;
      runs = [];
      return taken;
    },
    close: () => stop(child, ended),
  };
}

function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill();
  return ended;
}

async function unlessEnded<T>(wanted: Promise<T>, failure: Promise<Error>): Promise<T> {
  const first = await Promise.race([wanted, failure]);
  if (first instanceof Error) throw first;
  return first as T;
}
