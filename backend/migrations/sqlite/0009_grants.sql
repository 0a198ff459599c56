-- The keys that amoCRM gave an account which is connected by OAuth. The row stays when they are gone: versions only grow.
CREATE TABLE crm_grant (
    account  BIGINT PRIMARY KEY NOT NULL REFERENCES account (id), -- the tenant
    version  BIGINT NOT NULL,                  -- of the pair: fences renewals
    body     BLOB,                             -- sealed: where the account is, its pair of tokens and their times; NULL = none
    trouble  TEXT,                             -- why a person has to connect the account anew; NULL = no need
    renewing BIGINT NOT NULL DEFAULT 0,        -- somebody renews the pair until then, by the database's own clock
    holder   BIGINT NOT NULL DEFAULT 0         -- which instance does
);
