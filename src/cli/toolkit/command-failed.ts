import { Refused } from '../../lib/refused.ts';

/** The admin API refused a request. The message is for people. */
export class CommandFailed extends Refused {
  override readonly name = 'CommandFailed';
}
