import '../../testkit/postern/two-workers.ts';
import '../gate.test.ts';
