import '../../../testkit/postern/two-workers.ts';
import '../../app/admin-api.test.ts';
