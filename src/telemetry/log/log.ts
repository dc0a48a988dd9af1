import pino, { type Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { openLogOutput } from './log-output.ts';

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
  if (!pretty) return pino(options, openLogOutput(1, shared ? atomicBytes : mostTogether));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { translateTime: 'SYS:HH:MM:ss.l', singleLine: true, ignore: 'event' },
    },
  });
}

/** Characters of lines that are written together. */
const mostTogether = 65_536;

/** Bytes that a pipe takes in one piece, whoever else writes to it (PIPE_BUF, POSIX). */
const atomicBytes = 4_096;

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
