import { algorithmsByKey, type Issuer } from '../../core/model/issuer.ts';
import { parseDuration } from '../../lib/duration.ts';
import { asText, namedSections } from '../raw-values.ts';
import type { ReportFault } from '../report-fault.ts';
import { readIssuerKeys } from './issuer-keys.ts';
import { issuerDefaults, issuerNamePattern, type RawIssuer } from './issuer-schema.ts';

/** Limit on `leeway`: it is for clock skew, not for a longer lifetime. */
const maxLeeway = 5 * 60_000;

/** Builds the issuers of `jwt.issuers`. Faults go to `report`. */
export function buildIssuers(raw: unknown, report: ReportFault): readonly Issuer[] {
  const nameByIss = new Map<string, string>();
  return namedSections(raw, issuerNamePattern).flatMap(
    ([name, section]: [string, Partial<RawIssuer>]) => {
      const here: ReportFault = (setting, message) =>
        report(`jwt.issuers.${name}.${setting}`, message);
      const iss = asText(section.issuer) ?? '';
      const other = nameByIss.get(iss);
      if (other !== undefined && iss !== '') {
        here('issuer', `jwt.issuers.${other} has the same; the issuer of a JWT would be ambiguous`);
      }
      nameByIss.set(iss, name);
      return buildIssuer(name, section, here) ?? [];
    },
  );
}

function buildIssuer(
  name: string,
  raw: Partial<RawIssuer>,
  report: ReportFault,
): Issuer | undefined {
  const found = readIssuerKeys(raw, report);
  const leeway = parseDuration(asText(raw.leeway ?? issuerDefaults.leeway) ?? '');
  if (leeway === undefined || leeway > maxLeeway) report('leeway', 'the maximum is 5m');
  if (found === undefined) return undefined;
  const { defaults, allowed } = algorithmsByKey[found.kind];
  const algorithms = Array.isArray(raw.algorithms) ? raw.algorithms : defaults;
  const unsupported = algorithms.find((algorithm) => !allowed.includes(algorithm));
  if (unsupported !== undefined) {
    report(
      'algorithms',
      `${unsupported} does not work with ${found.kind}; supported: ${allowed.join(', ')}`,
    );
  }
  return {
    name,
    iss: asText(raw.issuer) ?? '',
    keys: found.keys,
    algorithms,
    audience: [raw.audience ?? []].flat(),
    leeway: leeway ?? 0,
    subjectClaim: raw.subject_claim ?? issuerDefaults.subject_claim,
    groupsClaim: raw.groups_claim ?? issuerDefaults.groups_claim,
    gatesClaim: raw.gates_claim,
  };
}
