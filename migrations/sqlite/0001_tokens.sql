-- Tokens, tickets and sessions. Only hashes of secrets are kept. All times are Unix milliseconds.

CREATE TABLE token (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT    NOT NULL UNIQUE,
  hash       BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
  -- The secret from before a rotation, and how long it stays good.
  previous_hash  BLOB UNIQUE CHECK (length(previous_hash) = 32),
  previous_until INTEGER,
  kind       TEXT    NOT NULL CHECK (kind IN ('token', 'ticket', 'session')),
  subject    TEXT    NOT NULL,
  label      TEXT,
  claims     TEXT    NOT NULL CHECK (json_valid(claims)),
  -- JSON lists by name: paths, origins, networks. NULL where there is no such bound.
  bounds     TEXT    CHECK (json_valid(bounds)),
  -- 1: imported with a secret under 128 bits.
  weak       INTEGER NOT NULL DEFAULT 0 CHECK (weak IN (0, 1)),
  -- Id of the token that a session was opened with; revoking that one ends the session too.
  parent     TEXT,
  -- The JWT that a session was opened with (iss, jti, subject, issuedAt): revoking that one, or its
  -- subject with its issuer, ends the session too.
  jwt        TEXT    CHECK (json_valid(jwt)),
  -- How long using a session can keep it alive.
  renewable_until INTEGER,
  created_at INTEGER NOT NULL,
  not_before INTEGER,
  expires_at INTEGER,
  revoked_at INTEGER,
  max_uses   INTEGER CHECK (max_uses > 0),
  uses       INTEGER NOT NULL DEFAULT 0 CHECK (uses >= 0),
  -- When the last permitted use happened.
  used_up_at INTEGER,
  -- The moment after which the token is good for nothing; NULL while it can still be used forever.
  ended_at   INTEGER GENERATED ALWAYS AS (
    nullif(
      min(
        ifnull(expires_at, 9007199254740991),
        ifnull(revoked_at, 9007199254740991),
        ifnull(used_up_at, 9007199254740991)
      ),
      9007199254740991
    )
  ) VIRTUAL,
  CHECK (max_uses IS NULL OR uses <= max_uses)
) STRICT;

CREATE INDEX token_by_subject ON token (subject, seq);
CREATE INDEX token_by_end ON token (kind, ended_at) WHERE ended_at IS NOT NULL;

CREATE INDEX token_by_parent ON token (parent) WHERE parent IS NOT NULL;

-- The gates a token is bound to. A token without a row here is good at every gate.
CREATE TABLE token_gate (
  gate      TEXT    NOT NULL,
  token_seq INTEGER NOT NULL REFERENCES token (seq) ON DELETE CASCADE,
  PRIMARY KEY (gate, token_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_gate_by_token ON token_gate (token_seq, gate);
