import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { needProgram } from '../../scripts/programs.ts';
import type { Scope } from '../scope.ts';
import { waitFor } from '../wait.ts';

/** A program on a terminal of its own. */
export interface Terminal {
  /** All that the terminal has shown so far. */
  shown(): string;
  /** Resolves when it has shown this. */
  shows(what: RegExp): Promise<void>;
  /** Resolves when the program has ended. */
  ended(): Promise<void>;
  type(text: string): Promise<void>;
  /** Lets a held program write. */
  go(): Promise<void>;
  /** Whether the terminal shows what is typed, at this moment. */
  echoes(): Promise<boolean>;
}

interface Told {
  readonly pid?: number;
  readonly shown?: string;
  readonly done?: string;
  readonly echo?: boolean;
}

/** Starts a program on a new terminal; one that is `held` can write nothing until `go`. */
export async function openTerminal(
  t: Scope,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { held = false } = {},
): Promise<Terminal> {
  const script = join(import.meta.dirname, 'terminal.py');
  const child = spawn(needProgram('python3'), [script, held ? 'held' : 'free', ...command], {
    env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const told: Told[] = [];
  createInterface(child.stdout).on('line', (line) => void told.push(JSON.parse(line) as Told));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await waitFor('the program', () => told.length > 0);
  const pid = told[0]?.pid ?? 0;
  t.after(() => {
    child.kill();
    try {
      process.kill(pid);
    } catch {
      // It has ended.
    }
  });
  const shown = () => told.map((one) => one.shown ?? '').join('');
  const order = async (word: string, rest = ''): Promise<boolean> => {
    const count = () => told.filter(({ done }) => done !== undefined).length;
    const before = count();
    child.stdin.write(`${word} ${rest}\n`);
    await waitFor(`the terminal: ${word}`, () => count() > before);
    return told.findLast(({ done }) => done !== undefined)?.echo ?? true;
  };
  return {
    shown,
    shows: (what) => waitFor(`the terminal shows ${what}`, () => what.test(shown())),
    ended: () => closed,
    type: async (text) => void (await order('type', JSON.stringify(text))),
    go: async () => void (await order('go')),
    echoes: () => order('echo'),
  };
}
