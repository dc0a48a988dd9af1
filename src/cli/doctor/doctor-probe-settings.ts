import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ProbeSettings } from '../../doctor/probe/settings.ts';
import { ownOrigin, parseTarget } from '../../doctor/probe/target.ts';
import { parseDuration } from '../../lib/duration.ts';
import { isHttpToken } from '../../lib/http-token.ts';
import { readSecret } from '../toolkit/secret-option.ts';

/** Options of `postern doctor probe`, as they stand on the command line. */
export interface ProbeOptions {
  readonly error?: string;
  readonly connect?: string;
  readonly ca?: string;
  readonly origin?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tokenPrompt?: boolean;
  readonly queryName: string;
  readonly cookieName: string;
  readonly cookie?: string;
  readonly cookieFile?: string;
  readonly ticket?: string;
  readonly ticketFile?: string;
  readonly protocol?: readonly string[];
  readonly gateReason?: boolean;
  readonly fromServer?: boolean;
  readonly idle?: string;
  readonly frame?: string;
  readonly timeout: string;
  readonly failOn: 'warning' | 'fault';
  readonly json?: boolean;
}

/** Largest message that `--frame` sends, in bytes. */
const largestFrame = 16 << 20;
const longestIdle = 86_400_000;
const longestTimeout = 300_000;

/** Reads and checks everything that the command line says; ends the command where it is wrong. */
export async function readSettings(
  command: Command,
  url: string | undefined,
  options: ProbeOptions,
): Promise<ProbeSettings> {
  if (url === undefined) command.error('error: name an address: wss://host/path (or --error)');
  const target = parseTarget(url, options.connect);
  if ('problem' in target) command.error(`error: ${target.problem}`);
  const { token: value, tokenFile: file, tokenPrompt: prompt } = options;
  const fromInput = [options.token, options.tokenFile, options.cookie, options.cookieFile]
    .concat(options.ticket, options.ticketFile)
    .filter((from) => from === '-').length;
  if (fromInput > 1) command.error('error: standard input can hold only one secret');
  const token = await readSecret(command, { option: 'token', value, file, prompt });
  const [cookie, ticket] = [
    await readSecret(command, {
      option: 'cookie',
      value: options.cookie,
      file: options.cookieFile,
    }),
    await readSecret(command, {
      option: 'ticket',
      value: options.ticket,
      file: options.ticketFile,
    }),
  ];
  if (cookie !== undefined && !cookie.includes('=')) {
    command.error('error: a cookie is name=value');
  }
  const protocols = options.protocol ?? [];
  for (const name of [options.queryName, options.cookieName, ...protocols]) {
    if (!isHttpToken(name)) command.error(`error: "${name}" is no name: letters, digits, - _ .`);
  }
  return {
    target,
    timeout: duration(command, 'timeout', options.timeout, longestTimeout),
    ...(options.ca !== undefined && { ca: readCertificates(command, options.ca) }),
    origin: readOrigin(command, options.origin) ?? ownOrigin(target),
    ...(token !== undefined && { token }),
    queryName: options.queryName,
    cookieName: options.cookieName,
    ...(cookie !== undefined && { cookie }),
    ...(ticket !== undefined && { ticket }),
    protocols,
    gateReason: options.gateReason ?? false,
    fromServer: options.fromServer ?? false,
    ...(options.idle !== undefined && {
      idle: duration(command, 'idle', options.idle, longestIdle),
    }),
    ...(options.frame !== undefined && { frame: frameSize(command, options.frame) }),
  };
}

function duration(command: Command, option: string, text: string, longest: number): number {
  const time = parseDuration(text);
  if (time === undefined || time === 0 || time > longest) {
    const most = `${longest / 1_000}s`;
    command.error(`error: --${option} is a duration such as 30s or 5m, at most ${most}`);
  }
  return time;
}

function frameSize(command: Command, text: string): number {
  const size = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (size === 0 || size > largestFrame) {
    command.error(`error: --frame is a number of bytes, at most ${largestFrame}`);
  }
  return size;
}

function readOrigin(command: Command, text: string | undefined): string | undefined {
  if (text === undefined || text === 'null') return text;
  const isOrigin = URL.canParse(text) && new URL(text).origin === text;
  if (!isOrigin) command.error('error: --origin is scheme://host, without a path');
  return text;
}

function readCertificates(command: Command, file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    return command.error(`error: --ca: ${file} holds no certificate in PEM`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || code.startsWith('commander')) throw error;
    return command.error(`error: --ca: ${file} cannot be read: ${code}`);
  }
}
