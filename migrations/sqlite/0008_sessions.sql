-- How many sessions of a token, and of a subject, have not been ended: there are bounds on both. With the
-- expiry, which says whether one is over by itself, no row has to be looked at to count them.

CREATE INDEX token_session_by_parent ON token (parent, seq, expires_at)
  WHERE kind = 'session' AND revoked_at IS NULL;
CREATE INDEX token_session_by_subject ON token (subject, seq, expires_at)
  WHERE kind = 'session' AND revoked_at IS NULL;
