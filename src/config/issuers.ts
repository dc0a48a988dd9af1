import { parseDuration } from '../core/duration.ts';
import { fittingAlgorithms, type Issuer } from '../core/issuer.ts';
import type { Report } from './build.ts';
import { readIssuerKeys } from './issuer-keys.ts';
import { issuerDefaults, issuerNamePattern, type RawIssuer } from './issuer-schema.ts';

/** Longest leeway: it is for clocks that are a little wrong, not for JWTs that are to live longer. */
const longestLeeway = 5 * 60_000;

/** Builds the issuers of `jwt.issuers`. Faults go to `report`. */
export function buildIssuers(raw: unknown, report: Report): readonly Issuer[] {
  const nameByIss = new Map<string, string>();
  return entries(raw).flatMap(([name, section]) => {
    const here: Report = (setting, message) => report(`jwt.issuers.${name}.${setting}`, message);
    const iss = text(section.issuer);
    const other = nameByIss.get(iss);
    if (other !== undefined && iss !== '') {
      here('issuer', `jwt.issuers.${other} has the same; nobody could tell whose a JWT is`);
    }
    nameByIss.set(iss, name);
    return buildIssuer(name, section, here) ?? [];
  });
}

/** Whatever has the form of an issuer at least; the schema names what has not. */
function entries(raw: unknown): [string, Partial<RawIssuer>][] {
  const isMap = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(raw)) return [];
  const isName = new RegExp(issuerNamePattern);
  return Object.entries(raw as object).filter(
    ([name, section]) => isName.test(name) && isMap(section),
  );
}

function buildIssuer(name: string, raw: Partial<RawIssuer>, report: Report): Issuer | undefined {
  const found = readIssuerKeys(raw, report);
  const leeway = parseDuration(text(raw.leeway ?? issuerDefaults.leeway));
  if (leeway === undefined || leeway > longestLeeway) report('leeway', '5m is the most');
  if (found === undefined) return undefined;
  const { usual, all } = fittingAlgorithms[found.kind];
  const algorithms = Array.isArray(raw.algorithms) ? raw.algorithms : usual;
  const misfit = algorithms.find((algorithm) => !all.includes(algorithm));
  if (misfit !== undefined) {
    report('algorithms', `${misfit} does not go with ${found.kind}, but ${all.join(', ')}`);
  }
  return {
    name,
    iss: text(raw.issuer),
    keys: found.keys,
    algorithms,
    audience: [raw.audience ?? []].flat(),
    leeway: leeway ?? 0,
    subjectClaim: raw.subject_claim ?? issuerDefaults.subject_claim,
    groupsClaim: raw.groups_claim ?? issuerDefaults.groups_claim,
    gatesClaim: raw.gates_claim,
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
