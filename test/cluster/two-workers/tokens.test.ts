import '../../../testkit/postern/two-workers.ts';
import '../../tokens/tokens.test.ts';
