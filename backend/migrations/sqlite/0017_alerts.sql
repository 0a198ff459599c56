-- What is wrong with an account's connections, from its begin to its end, and whom that was told.
CREATE TABLE incident (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    kind    TEXT   NOT NULL,                         -- what is wrong
    detail  TEXT   NOT NULL DEFAULT '',              -- more of it, such as a status; never a secret
    begun   BIGINT NOT NULL,                         -- since when
    seen    BIGINT NOT NULL,                         -- when its cause was last seen
    calm    BIGINT NOT NULL,                         -- it is over when the cause was not seen for so long, ms
    open    BIGINT DEFAULT 1,                        -- 1 = it is not over; NULL = it is, and another one may begin
    ended   BIGINT,                                  -- when it was over
    UNIQUE (account, kind, open)
);
CREATE INDEX incident_ended ON incident (ended) WHERE ended IS NOT NULL;

CREATE TABLE telling (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    account    BIGINT NOT NULL REFERENCES account (id), -- the tenant
    incident   BIGINT NOT NULL REFERENCES incident (id), -- of what
    way        TEXT   NOT NULL,                    -- task or webhook
    part       TEXT   NOT NULL,                    -- begin or end
    state      TEXT   NOT NULL DEFAULT 'open',     -- open or done
    task       BIGINT,                             -- the CRM's task that tells it
    tries      BIGINT NOT NULL DEFAULT 0,          -- how often it was tried
    unsure     BIGINT,                             -- since when it may have been told already: it is looked for first
    not_before BIGINT NOT NULL,                    -- not before this time
    held_until BIGINT NOT NULL DEFAULT 0,          -- somebody tells it until then, by the database's own clock
    holder     BIGINT NOT NULL DEFAULT 0,          -- which instance does
    token      BIGINT NOT NULL DEFAULT 0,          -- fencing token, grows with every claim
    UNIQUE (incident, way, part)
);
CREATE INDEX telling_open ON telling (account, way, not_before) WHERE state = 'open';

-- When the channel's webhook last brought something: a webhook that has fallen silent is noticed.
ALTER TABLE reach ADD COLUMN heard_at BIGINT;
