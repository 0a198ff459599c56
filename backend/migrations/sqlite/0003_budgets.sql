-- What may leave when, durable: a restart neither forgets what has left within a provider's window nor starts the
-- patience with a failing provider anew.
ALTER TABLE outbox ADD COLUMN rank BIGINT NOT NULL DEFAULT 0; -- of a send: the lower, the sooner it leaves
ALTER TABLE outbox ADD COLUMN sought_from BIGINT;             -- when the first call of unknown outcome was claimed
ALTER TABLE outbox ADD COLUMN failing_since BIGINT;           -- since when nothing of it succeeds; waiting is no failure
UPDATE outbox SET rank = CASE json_extract(action, '$.kind')
    WHEN 'handoff' THEN 1 WHEN 'hours' THEN 1 WHEN 'intro' THEN 2 WHEN 'touch' THEN 3 ELSE 0 END
    WHERE state = 'open' AND lane = 'send';
DROP INDEX outbox_next;
CREATE INDEX outbox_next ON outbox (account, lane, not_before, id) WHERE state = 'open' AND claimed = 0;

CREATE TABLE place (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account BIGINT NOT NULL, -- the tenant
    class   TEXT   NOT NULL, -- the kind of request that the provider counts
    dialog  TEXT,            -- of a send: for whom, so that all dialogs are served alike
    at      BIGINT NOT NULL  -- when; a row older than every window goes
);
CREATE INDEX place_window ON place (account, class, at);

CREATE TABLE pause (
    account BIGINT NOT NULL, -- the tenant
    class   TEXT   NOT NULL, -- the kind of request
    until   BIGINT NOT NULL, -- the provider takes none before
    PRIMARY KEY (account, class)
);
