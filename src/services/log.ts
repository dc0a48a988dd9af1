import pino, { type Logger } from 'pino';
import type { Config } from '../config/config.ts';

/**
 * The program's logger: JSON lines on standard output, or readable ones on a terminal. Errors are
 * written with their causes but never with the request they belong to, which may hold a secret. With
 * `shared`, other processes write to the same output.
 */
export function createLogger(
  { level, format }: Config['log'],
  { shared = false }: { readonly shared?: boolean } = {},
): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true);
  const options = {
    level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    timestamp: createTimestamp(),
  };
  if (!pretty) return pino(options, openOutput(shared ? atomicBytes : together.characters));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { translateTime: 'SYS:HH:MM:ss.l', singleLine: true, ignore: 'event' },
    },
  });
}

/** Characters of lines that are written together, and milliseconds that one waits for others. */
const together = { characters: 65_536, ms: 100 } as const;

/** Bytes that a pipe takes in one piece, whoever else writes to it (PIPE_BUF, POSIX). */
const atomicBytes = 4_096;

/**
 * Standard output. Under load a line costs more to write than a decision to make, so lines are
 * gathered for a moment; what is left is written when the process ends.
 */
function openOutput(most: number) {
  const output = pino.destination({ fd: 1, sync: false, maxWrite: most });
  let gathered = '';
  const pass = () => {
    if (gathered !== '') output.write(gathered);
    gathered = '';
  };
  setInterval(pass, together.ms).unref();
  process.on('exit', () => {
    pass();
    output.flushSync();
  });
  return {
    write(line: string) {
      if (gathered.length + line.length > most) pass();
      gathered += line;
    },
    flush(done: () => void) {
      pass();
      output.flush(done);
    },
  };
}

/** The time of a line as pino wants it, written anew once a millisecond. */
function createTimestamp(): () => string {
  let at = 0;
  let written = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      written = `,"time":"${new Date(now).toISOString()}"`;
    }
    return written;
  };
}
