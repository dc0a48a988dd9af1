-- What happened, and by whom: entries are added at the end and never changed. Each holds the hash of the
-- one before, so that whoever gets past the triggers below leaves a broken chain. All times are Unix
-- milliseconds.

CREATE TABLE audit (
  -- Begins at 1 and has no gap.
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  event      TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  token_id   TEXT,
  kind       TEXT,
  subject    TEXT,
  gate       TEXT,
  reason     TEXT,
  client     TEXT,
  request_id TEXT,
  count      INTEGER,
  details    TEXT    CHECK (json_valid(details)),
  previous   BLOB    NOT NULL CHECK (length(previous) = 32),
  hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Entries that say up to which one older entries are deleted.
CREATE INDEX audit_by_retention ON audit (seq) WHERE event = 'retention';

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is never changed');
END;

CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM audit)
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is added behind the last one');
END;

-- What retention deletes, it has announced before.
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN OLD.seq > ifnull(
  (
    SELECT json_extract(details, '$.deleted_to')
    FROM audit
    WHERE event = 'retention'
    ORDER BY seq DESC
    LIMIT 1
  ),
  0
)
BEGIN
  SELECT RAISE(ABORT, 'an audit entry is deleted by retention only');
END;
