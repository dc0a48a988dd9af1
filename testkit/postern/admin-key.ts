/** The admin key of every Postern that the kit starts. */
export const adminKey = 'psa_test-0123456789-abcdefghijklmnop';
