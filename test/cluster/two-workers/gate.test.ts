import '../../../testkit/postern/two-workers.ts';
import '../../app/gate.test.ts';
