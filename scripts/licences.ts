/**
 * Prints the licences of all packages of package-lock.json, and fails when one is not allowed
 * (scripts/licence-rules.ts).
 */
import { packageRoot } from '../src/lib/resources.ts';
import { checkLicence } from './licence-rules.ts';
import { readInstalledLicence, readLockedPackages } from './lock-file.ts';

const packages = readLockedPackages(packageRoot);
const faults = packages.flatMap(
  (one) => checkLicence(one, readInstalledLicence(packageRoot, one.path)) ?? [],
);
const byLicence = Map.groupBy(packages, ({ licence }) => licence ?? 'none');
const lines = [...byLicence]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .flatMap(([licence, found]) => [
    licence,
    ...found.map(({ name, version, need }) => {
      return `  ${name} ${version}${need === 'development' ? ' (development)' : ''}`;
    }),
  ]);
process.stdout.write(`${lines.join('\n')}\n`);
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
