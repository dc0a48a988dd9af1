import type { Directive } from '../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './model/configuration.ts';
import { ownOrAround } from './model/content.ts';
import { headersSent } from './model/request-headers.ts';
import { page } from './model/scenario.ts';
import type { Scope } from './model/scope.ts';
import { isBefore } from './version.ts';

/** Since then nginx keeps connections to backends without being told to. */
const keepsSince = '1.29.7';

/** Whether nginx uses connections to a proxied service again, and what that hangs on. */
export interface Keeping {
  readonly keeps: boolean;
  readonly hasPool: boolean;
  /** The `keepalive` of the upstream. */
  readonly pool: Directive | undefined;
}

/** Judges a location with proxy_pass. */
export function keepsConnections(configuration: Configuration, location: Scope): Keeping {
  const { version, upstreams } = configuration;
  const target = ownOrAround(location, 'proxy_pass')?.args[0] ?? '';
  const host = /^https?:\/\/([^/:]+)/.exec(target)?.[1] ?? '';
  const lines = upstreams.get(host)?.block?.directives ?? [];
  const isNew = version !== undefined && !isBefore(version, keepsSince);
  const pool = lines.find(({ name }) => name === 'keepalive');
  const hasPool = isNew ? upstreams.has(host) && pool?.args[0] !== '0' : pool !== undefined;
  const context = { configuration, scenario: page, environment: new Map() };
  const connection = headersSent(location, 'Connection', context);
  const keepsHeader =
    connection.length === 0 ? isNew : connection.every(({ value }) => value === '');
  const is11 = (location.value('proxy_http_version')?.[0] ?? (isNew ? '1.1' : '1.0')) !== '1.0';
  return { keeps: hasPool && keepsHeader && is11, hasPool, pool };
}
