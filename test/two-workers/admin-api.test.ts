import '../../testkit/postern/two-workers.ts';
import '../admin-api.test.ts';
