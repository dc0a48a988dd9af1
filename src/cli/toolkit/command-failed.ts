import { Refused } from '../../lib/refused.ts';

/**
 * A command failed: a request was refused, or a check did not pass. Exit code 1; the message is for
 * people.
 */
export class CommandFailed extends Refused {
  override readonly name = 'CommandFailed';
}
