import type { Place } from '../../../proxies/nginx/syntax/index.ts';
import type { Examination } from '../examine.ts';
import type { Finding } from '../finding.ts';
import { renderPatch } from './patch.ts';

/** What `--json` prints. Fields are added, never renamed. */
export function toJson(examination: Examination): object {
  const { findings, allowed, idle, known, files, locations, guarded, version } = examination;
  return {
    nginx: version ?? null,
    files,
    locations,
    guarded,
    findings: findings.map(findingToJson),
    allowed: allowed.map(({ finding, reason }) => ({ ...findingToJson(finding), reason })),
    idleAllowances: idle,
    knownFiles: known,
  };
}

function findingToJson({ edits, place, ...finding }: Finding): object {
  const patch = renderPatch(edits);
  return { ...finding, place: placeToJson(place), patch: patch === '' ? null : patch };
}

function placeToJson({ file, line, column }: Place): object {
  return { file, line, column };
}
