import '../../../testkit/postern/two-workers.ts';
import '../../admin-keys/admin-keys.test.ts';
