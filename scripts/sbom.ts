/** Prints the bill of materials of package-lock.json as CycloneDX 1.6 JSON. */
import { packageRoot } from '../src/lib/resources.ts';
import { renderBillOfMaterials } from './cyclonedx.ts';
import { checkLicence } from './licence-rules.ts';
import { readInstalledLicence, readLockFile } from './lock-file.ts';

const lock = readLockFile(packageRoot);
// The published licences must match the packages' own.
const faults = lock.packages.flatMap(
  (one) => checkLicence(one, readInstalledLicence(packageRoot, one.path)) ?? [],
);
if (faults.length === 0) process.stdout.write(renderBillOfMaterials(lock));
else {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = 1;
}
