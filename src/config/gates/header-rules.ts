import { readFileSync } from 'node:fs';
import {
  authorizationHeader,
  type BackendHeader,
  type HeaderField,
  identityHeaders,
} from '../../core/gate/gate.ts';
import type { ReportFault } from '../report-fault.ts';
import type { RawGateRules } from './gate-schema.ts';

type RawHeaders = NonNullable<RawGateRules['headers']>;
type RawHeader = RawHeaders[string];

/** Names that nginx forwards, and can read from an answer as variables. */
const headerName = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** Headers with a meaning for proxies, or set by Postern and its nginx files. */
const reserved =
  /^(?:host|connection|upgrade|keep-alive|te|trailer|transfer-encoding|content-.*|expect|date|server|location|www-authenticate|cache-control|set-cookie|cookie|origin|referer|proxy-.*|sec-.*|x-accel-.*|x-original-.*|x-real-ip|x-forwarded-(?:for|host|port|proto|uri|method)|forwarded|x-postern-.*)$/i;

/** Possible sources of a value, in the order of the error message. */
const sources = ['claim', 'field', 'value', 'env', 'file'] as const;

/** Builds the headers for the backend: the gate's own, and the default ones that it does not redefine. */
export function buildHeaders(
  raw: RawHeaders,
  env: NodeJS.ProcessEnv,
  report: ReportFault,
): readonly BackendHeader[] {
  const own = new Map<string, BackendHeader>();
  for (const [name, header] of Object.entries(raw)) {
    const fault = findNameFault(name, own);
    if (fault !== undefined) report(name, fault);
    const field = readField(header, env, (message) => report(name, message));
    if (fault !== undefined || field === undefined) continue;
    const isAuthorization = name.toLowerCase() === 'authorization';
    own.set(name.toLowerCase(), { name: isAuthorization ? authorizationHeader : name, field });
  }
  const usual = identityHeaders.filter(({ name }) => !own.has(name.toLowerCase()));
  return [...usual, ...own.values()];
}

function findNameFault(name: string, own: ReadonlyMap<string, unknown>): string | undefined {
  if (!headerName.test(name) || name.length > 64) {
    return 'a header name has letters, digits and - only; nginx drops others';
  }
  if (own.has(name.toLowerCase())) return 'is there twice, in different case';
  return reserved.test(name) ? 'is set by nginx or by Postern itself' : undefined;
}

function readField(
  header: RawHeader,
  env: NodeJS.ProcessEnv,
  report: (message: string) => void,
): HeaderField | undefined {
  const given = sources.filter((source) => header?.[source] !== undefined);
  const [source] = given;
  if (source === undefined || given.length > 1) {
    report(`set the source of its value, one of ${sources.join(', ')}`);
    return undefined;
  }
  if (source === 'claim') return { claim: header.claim ?? '' };
  if (source === 'field') return header.field;
  const value = readValue(source, header, env, report);
  if (value === undefined) return undefined;
  // Printable ASCII: every backend decodes it to the same text.
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?$/.test(value)) {
    report('the value is empty, too long, or has characters that a header cannot carry');
    return undefined;
  }
  return { value };
}

function readValue(
  source: 'value' | 'env' | 'file',
  header: RawHeader,
  env: NodeJS.ProcessEnv,
  report: (message: string) => void,
): string | undefined {
  if (source === 'value') return header.value;
  const place = header[source] ?? '';
  if (source === 'env') {
    if (place.startsWith('POSTERN_')) report("POSTERN_… variables are Postern's own settings");
    else if (!env[place]) report(`the environment variable ${place} is not set`);
    return env[place] || undefined;
  }
  try {
    return readFileSync(place, 'utf8').trim();
  } catch (error) {
    report(`cannot read ${place}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
    return undefined;
  }
}
