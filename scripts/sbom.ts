/** Prints the bill of materials of package-lock.json: CycloneDX 1.6 as JSON. */
import { packageRoot } from '../src/lib/resources.ts';
import { renderBillOfMaterials } from './cyclonedx.ts';
import { checkLicence } from './licence-rules.ts';
import { readInstalledLicence, readLockFile } from './lock-file.ts';

const lock = readLockFile(packageRoot);
// What is handed out must not say of a package what the package does not say itself.
const faults = lock.packages.flatMap(
  (one) => checkLicence(one, readInstalledLicence(packageRoot, one.path)) ?? [],
);
if (faults.length === 0) process.stdout.write(renderBillOfMaterials(lock));
else {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exitCode = 1;
}
