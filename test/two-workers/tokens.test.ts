import '../../testkit/postern/two-workers.ts';
import '../tokens.test.ts';
