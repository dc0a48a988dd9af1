-- Keys that sign assertions for backends. The private part is sealed with a key that is not in the
-- database. All times are Unix milliseconds.

CREATE TABLE signing_key (
  id         TEXT    NOT NULL PRIMARY KEY,
  public_jwk TEXT    NOT NULL CHECK (json_valid(public_jwk)),
  sealed     BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  -- When a newer key took its place; NULL for the one that signs.
  retired_at INTEGER
) STRICT;

CREATE UNIQUE INDEX signing_key_in_use ON signing_key ((retired_at IS NULL)) WHERE retired_at IS NULL;
