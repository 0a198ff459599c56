-- See SQLite's migration of this number.
CREATE TABLE setup (
    id      BIGINT PRIMARY KEY,
    account BIGINT UNIQUE,
    served  BIGINT NOT NULL DEFAULT 0,
    version BIGINT NOT NULL,
    body    BYTEA NOT NULL
);
CREATE TABLE setup_link (
    id    TEXT PRIMARY KEY,
    until BIGINT NOT NULL
);
