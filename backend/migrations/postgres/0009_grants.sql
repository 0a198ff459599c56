-- See SQLite's migration of this number.
CREATE TABLE crm_grant (
    account  BIGINT PRIMARY KEY REFERENCES account (id),
    version  BIGINT NOT NULL,
    body     BYTEA,
    trouble  TEXT,
    renewing BIGINT NOT NULL DEFAULT 0,
    holder   BIGINT NOT NULL DEFAULT 0
);
