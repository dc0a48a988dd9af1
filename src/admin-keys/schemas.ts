import { type Static, Type } from 'typebox';
import { roles } from '../core/model/admin-key.ts';

const timestamp = Type.String({ format: 'date-time' });
const maybe = Type.Union([timestamp, Type.Null()]);

/** An admin key as the API shows it. */
export const keySchema = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum([...roles]),
    gates: Type.Array(Type.String()),
    max_ttl: Type.Union([Type.String(), Type.Null()]),
    created_at: timestamp,
    expires_at: maybe,
    last_used_at: maybe,
  },
  { $id: 'Key' },
);

/** An admin key as the API shows it. */
export type ShownKey = Static<typeof keySchema>;

/** An admin key that was made just now, the only time its secret is shown. */
export const issuedKeySchema = Type.Object(
  {
    ...keySchema.properties,
    key: Type.String({ description: 'The secret. It is shown only once and not stored.' }),
  },
  { $id: 'IssuedKey' },
);

/** An admin key that was made just now. */
export type IssuedKey = Static<typeof issuedKeySchema>;
