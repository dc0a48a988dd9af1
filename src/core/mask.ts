/** What stands in the place of a secret, wherever something is shown. */
export const mask = '********';
