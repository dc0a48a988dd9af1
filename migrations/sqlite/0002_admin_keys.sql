-- Keys to the admin API. Only hashes are kept. All times are Unix milliseconds.

CREATE TABLE admin_key (
  name         TEXT    NOT NULL PRIMARY KEY,
  hash         BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  role         TEXT    NOT NULL CHECK (role IN ('admin', 'issuer', 'introspector', 'auditor')),
  -- JSON list: the gates that an issuer may issue for; empty for all.
  gates        TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(gates)),
  -- Longest life that an issuer may give, in milliseconds; NULL for what the configuration allows.
  max_ttl      INTEGER,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  last_used_at INTEGER
) STRICT;
