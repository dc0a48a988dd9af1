-- JWTs of other issuers. Only what has to be remembered about them; all times are Unix milliseconds.

-- Those that do not pass any more: one by its jti, or all that a subject was given up to a moment.
CREATE TABLE jwt_revocation (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  -- The claim itself: the configuration's name for an issuer may change.
  iss           TEXT    NOT NULL,
  jti           TEXT,
  subject       TEXT,
  issued_before INTEGER,
  revoked_at    INTEGER NOT NULL,
  -- When nothing that the row concerns is good any more; NULL when nobody knows.
  expires_at    INTEGER,
  CHECK ((jti IS NULL) <> (subject IS NULL)),
  CHECK ((issued_before IS NULL) = (subject IS NULL))
) STRICT;

CREATE UNIQUE INDEX jwt_revocation_by_jti ON jwt_revocation (iss, jti) WHERE jti IS NOT NULL;
CREATE UNIQUE INDEX jwt_revocation_by_subject ON jwt_revocation (iss, subject)
  WHERE subject IS NOT NULL;
CREATE INDEX jwt_revocation_by_expiry ON jwt_revocation (expires_at) WHERE expires_at IS NOT NULL;

-- Those that were used at a gate that takes each JWT once.
CREATE TABLE jwt_use (
  iss        TEXT    NOT NULL,
  jti        TEXT    NOT NULL,
  used_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (iss, jti)
) STRICT, WITHOUT ROWID;

CREATE INDEX jwt_use_by_expiry ON jwt_use (expires_at);
