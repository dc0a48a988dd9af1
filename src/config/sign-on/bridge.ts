import {
  type BridgeFact,
  type BridgeSettings,
  bridgeFacts,
  bridgeServices,
  type CustomBridge,
} from '../../core/model/sign-on-settings.ts';
import { parseDuration } from '../../lib/duration.ts';
import { asMap, asNumber, asText, asTexts } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { bridgeDefaults, type RawBridge } from './bridge-schema.ts';

const maxTimeout = 30_000;
const maxCacheTtl = 60_000;

/** `cookie-name` (RFC 6265, section 4.1.1), optionally followed by `*`. */
const cookiePattern = /^[!#$%&'+.^_`|~0-9A-Za-z-]+\*?$/;

/** Headers of the connection, and those that Postern sends itself. */
const reserved = [
  ...['connection', 'content-length', 'cookie', 'authorization', 'expect', 'keep-alive'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'proxy-connection'],
];

/**
 * Builds the bridge of a gate; undefined without one, or without a valid `service`. Faults go to `report`,
 * with paths relative to `bridge`.
 */
export function buildBridge(raw: unknown, report: ReportFault): BridgeSettings | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  const section: Partial<RawBridge> = raw;
  const service = bridgeServices.find((name) => name === section.service);
  // Schema validation reports an unknown service; all other checks depend on it.
  if (service === undefined) return undefined;
  const isCustom = service === 'custom';
  if (!isCustom) refuseCustomSettings(section, service, report);
  if (section.headers !== undefined && service !== 'tinyauth') {
    report('headers', `only TinyAuth knows two ways; leave it out for ${service}`);
  }
  const timeout = duration(section.timeout ?? bridgeDefaults.timeout);
  if (timeout !== undefined && (timeout < 1 || timeout > maxTimeout)) {
    report('timeout', 'must be from 1s to 30s');
  }
  const cacheTtl = duration(section.cache ?? bridgeDefaults.cache);
  if (cacheTtl !== undefined && cacheTtl > maxCacheTtl) report('cache', 'the maximum is 60s');
  const cookies = asTexts(section.cookies);
  checkCookies(cookies, isCustom, report);
  checkUrl(section.url, report);
  checkLogin(section.login, report);
  return {
    service,
    url: asText(section.url) ?? '',
    headers: section.headers === 'forwarded' ? 'forwarded' : bridgeDefaults.headers,
    cookies,
    answerHeaders: readAnswerHeaders(section, isCustom, report),
    login: asText(section.login),
    timeout: timeout ?? 0,
    maxRequests: asNumber(section.max_requests) ?? bridgeDefaults.max_requests,
    keepConnections: section.keep_connections ?? bridgeDefaults.keep_connections,
    cacheTtl: cacheTtl ?? 0,
    custom: isCustom ? readCustom(section, report) : undefined,
  };
}

function duration(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) : undefined;
}

function refuseCustomSettings(
  section: Partial<RawBridge>,
  service: BridgeSettings['service'],
  report: ReportFault,
): void {
  const advice = `is known for ${service}; leave it out, or set service: custom`;
  if (section.path !== undefined) report('path', advice);
  if (section.request_headers !== undefined) report('request_headers', advice);
  if (asMap(section.answer_headers).login !== undefined) report('answer_headers.login', advice);
}

function checkCookies(
  cookies: readonly string[] | undefined,
  isCustom: boolean,
  report: ReportFault,
): void {
  if (cookies === undefined) {
    if (isCustom) report('cookies', 'is needed for a custom service: it gets no other cookies');
    return;
  }
  const misfit = cookies.find((pattern) => !cookiePattern.test(pattern));
  if (misfit !== undefined) {
    report('cookies', `"${misfit}" is no cookie name, nor the beginning of one and a *`);
  }
}

function checkUrl(url: unknown, report: ReportFault): void {
  if (typeof url !== 'string') return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:\/\//i.test(url)) {
    report('url', 'is not an address such as http://tinyauth:3000');
    return;
  }
  // The message does not quote the URL: it may contain a password.
  if (parsed.username !== '' || parsed.password !== '') {
    report('url', 'must not contain a user name or a password');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    report('url', 'must not hold a query or a fragment');
  }
}

function checkLogin(login: unknown, report: ReportFault): void {
  if (typeof login !== 'string') return;
  const isPath = /^\/(?![/\\])[\x21-\x7e]*$/.test(login);
  const isAddress = /^https?:\/\/[\x21-\x7e]+$/i.test(login) && URL.canParse(login);
  if ((!isPath && !isAddress) || login.includes('\\')) {
    report('login', 'is neither an address (https://…) nor a path on the same host (/…)');
  } else if (isAddress && new URL(login).username + new URL(login).password !== '') {
    report('login', 'must not contain a user name or a password');
  }
}

function readAnswerHeaders(
  section: Partial<RawBridge>,
  isCustom: boolean,
  report: ReportFault,
): BridgeSettings['answerHeaders'] {
  const { subject, email, name, groups } = asMap(section.answer_headers);
  if (isCustom && subject === undefined) {
    report('answer_headers.subject', 'is needed for a custom service: who is it that got in?');
  }
  const given = Object.entries({ subject, email, name, groups }).flatMap(([field, header]) =>
    typeof header === 'string' ? [[field, header.toLowerCase()]] : [],
  );
  const separator = asText(section.groups_separator);
  return {
    ...Object.fromEntries(given),
    ...(separator !== undefined && { groupsSeparator: separator }),
  };
}

function readCustom(section: Partial<RawBridge>, report: ReportFault): CustomBridge {
  const path = asText(section.path);
  const given = asMap(section.request_headers);
  const loginHeader = asText(asMap(section.answer_headers).login);
  if (section.path === undefined) {
    report('path', 'is needed for a custom service: where does it answer auth_request?');
  } else if (path !== undefined && !/^\/[\x21\x22\x24-\x7e]*$/.test(path)) {
    report('path', 'starts with a slash and holds printable ASCII characters, no spaces, no #');
  }
  const requestHeaders: Partial<Record<BridgeFact, readonly string[]>> = {};
  const seen = new Set<string>();
  for (const fact of bridgeFacts) {
    const names = [given[fact]].flat().filter((name) => typeof name === 'string');
    for (const name of names.map((one) => one.toLowerCase())) {
      if (reserved.includes(name)) {
        report(`request_headers.${fact}`, `${name} is not for telling facts`);
      }
      if (seen.has(name)) report(`request_headers.${fact}`, `${name} tells another fact already`);
      seen.add(name);
    }
    if (names.length > 0) requestHeaders[fact] = names;
  }
  return { path: path ?? '/', requestHeaders, loginHeader: loginHeader?.toLowerCase() };
}
