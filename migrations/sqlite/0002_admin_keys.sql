-- Keys to the admin API. Only hashes are kept.

CREATE TABLE admin_key (
  name       TEXT    NOT NULL PRIMARY KEY,
  hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  created_at INTEGER NOT NULL
) STRICT;
