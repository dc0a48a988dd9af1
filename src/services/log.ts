import pino, { type Logger } from 'pino';
import type { Config } from '../config/config.ts';

/**
 * The program's logger: JSON lines on standard output, or readable ones on a terminal. Errors are
 * written with their causes but never with the request they belong to, which may hold a secret.
 */
export function createLogger({ level, format }: Config['log']): Logger {
  const pretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true);
  return pino({
    level,
    base: null,
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    ...(pretty && {
      transport: {
        target: 'pino-pretty',
        options: { translateTime: 'SYS:HH:MM:ss.l', singleLine: true, ignore: 'event' },
      },
    }),
  });
}
