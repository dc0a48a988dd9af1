import '../../testkit/postern/two-workers.ts';
import '../admin-keys.test.ts';
