-- A look-up reads one row: the gates of a token stand in it too, beside the table by which tokens of
-- a gate are found. All times are Unix milliseconds.

UPDATE token
SET bounds = json_set(
  ifnull(bounds, '{}'),
  '$.gates',
  json((
    SELECT json_group_array(gate)
    FROM (SELECT gate FROM token_gate WHERE token_seq = token.seq ORDER BY gate)
  ))
)
WHERE seq IN (SELECT token_seq FROM token_gate);

-- About when it was used last: written behind, and not for each use.
ALTER TABLE token ADD COLUMN last_used_at INTEGER;

CREATE INDEX token_by_revocation ON token (seq) WHERE revoked_at IS NOT NULL;
