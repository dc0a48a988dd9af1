import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { printStderr } from './output.ts';

/** Characters of a secret. */
const maxLength = 16_384;

/** The source of a secret: the command line, a file, or a prompt. */
export interface SecretSource {
  /** Option name, for messages. */
  readonly option: string;
  /** `-` reads standard input. */
  readonly value: string | undefined;
  readonly file: string | undefined;
  readonly prompt?: boolean | undefined;
}

/**
 * Reads a secret: the first line, trimmed; undefined when no option names one. Ends the command
 * with a usage error, which never contains the secret.
 */
export async function readSecret(
  command: Command,
  { option, value, file, prompt = false }: SecretSource,
): Promise<string | undefined> {
  const given = [value !== undefined, file !== undefined, prompt].filter(Boolean).length;
  if (given === 0) return undefined;
  if (given > 1) command.error(`error: give the ${option} only once`);
  const text = prompt
    ? await promptForSecret(command, option)
    : (readText(command, option, value, file) ?? value);
  const secret = text?.split(/\r?\n/, 1)[0]?.trim() ?? '';
  if (secret === '') command.error(`error: the ${option} is empty`);
  if (secret.length > maxLength || /[^\x20-\x7e]/.test(secret)) {
    command.error(
      `error: the ${option} is not one line of at most ${maxLength} printable characters`,
    );
  }
  return secret;
}

function readText(
  command: Command,
  option: string,
  value: string | undefined,
  file: string | undefined,
): string | undefined {
  const from = value === '-' || file === '-' ? 0 : file;
  if (from === undefined) return undefined;
  try {
    return readFileSync(from, 'utf8');
  } catch (error) {
    const where = from === 0 ? 'standard input' : from;
    const { code } = error as NodeJS.ErrnoException;
    return command.error(`error: the ${option}: ${where} cannot be read: ${code}`);
  }
}

/** Prompts on the terminal without echo. */
function promptForSecret(command: Command, option: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) command.error(`error: --${option}-prompt needs a terminal`);
  // Set before the prompt, so that early input is not echoed either.
  stdin.setRawMode(true);
  stderr.write(`${option}: `);
  return new Promise((resolve) => {
    let typed = '';
    const onData = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (key === '\r' || key === '\n' || key === '\u0004') return end();
        if (key === '\u0003') return end(130);
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key;
        if (typed.length > maxLength) return end();
      }
    };
    const end = (code?: number) => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
      printStderr();
      if (code !== undefined) process.exit(code);
      resolve(typed);
    };
    stdin.on('data', onData);
  });
}
