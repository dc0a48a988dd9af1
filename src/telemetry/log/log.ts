import pino, { type Logger } from 'pino';
import type { Config } from '../../config/config.ts';
import { openLogOutput } from './log-output.ts';

/**
 * Creates the logger: JSON lines on standard output, or readable ones on a terminal. Errors are
 * logged with their causes, but never with their request, which may hold a secret. `shared`: other
 * processes write to the same output.
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
  if (!pretty) return pino(options, openLogOutput(1, shared ? atomicBytes : maxBatchChars));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { translateTime: 'SYS:HH:MM:ss.l', singleLine: true, ignore: 'event' },
    },
  });
}

/** Characters written at once. */
const maxBatchChars = 65_536;

/** Bytes that a pipe writes atomically (PIPE_BUF, POSIX). */
const atomicBytes = 4_096;

/** Timestamp function for pino; the text is cached for a millisecond. */
function createTimestamp(): () => string {
  let at = 0;
  let formatted = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      formatted = `,"time":"${new Date(now).toISOString()}"`;
    }
    return formatted;
  };
}
