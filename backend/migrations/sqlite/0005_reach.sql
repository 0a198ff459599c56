-- How far an account has caught up with its channel. An account that was served before begins where its last event
-- came in, so that an outage before the update is caught up with too.
CREATE TABLE reach (
    account      BIGINT PRIMARY KEY NOT NULL REFERENCES account (id), -- the tenant
    activated_at BIGINT NOT NULL,                                     -- when it was first served: nothing older is answered
    caught_up_to BIGINT NOT NULL                                      -- what the channel had before this has come in
);
INSERT INTO reach (account, activated_at, caught_up_to)
    SELECT account, MIN(at), MAX(at) FROM inbox GROUP BY account;
