/** What issuing gives: the secret, and the id to revoke it by. */
export interface Issued {
  readonly token: string;
  readonly id: string;
}
