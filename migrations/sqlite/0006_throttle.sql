-- Networks that made too many failed attempts, for those who want a restart to remember them. Written
-- behind. All times are Unix milliseconds.

CREATE TABLE throttle (
  -- Gate and network, with a space between; no gate for the admin API.
  name     TEXT    NOT NULL PRIMARY KEY,
  -- Failures that counted still, and when that was.
  level    REAL    NOT NULL CHECK (level >= 0),
  at       INTEGER NOT NULL,
  -- Since when they are too many, and all of them since.
  since    INTEGER NOT NULL,
  failures REAL    NOT NULL CHECK (failures >= 0),
  -- How many times the usual number is free.
  scale    INTEGER NOT NULL CHECK (scale > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX throttle_by_time ON throttle (at);
