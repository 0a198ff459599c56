-- Accounts that are set up on the page of the backend, from the first step on. Sealed with the master key: there is no
-- account yet whose key could do it.
CREATE TABLE setup (
    id      BIGINT PRIMARY KEY NOT NULL,       -- random
    account BIGINT UNIQUE,                     -- the tenant, once amoCRM has told which it is
    served  BIGINT NOT NULL DEFAULT 0,         -- 1 = the account is at work
    version BIGINT NOT NULL,                   -- grows with every change: fences them, and tells the instances
    body    BLOB NOT NULL                      -- sealed: what was filled in, secrets included
);
-- Links to the page that were used.
CREATE TABLE setup_link (
    id    TEXT PRIMARY KEY NOT NULL,
    until BIGINT NOT NULL                      -- it may be forgotten then, business unix ms
);
