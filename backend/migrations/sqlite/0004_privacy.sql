-- What is to be erased for good. A row lives until the erasure is on the disk, so that a crash never loses one.
CREATE TABLE erasure (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- grows in the order of asking
    account  BIGINT NOT NULL,                   -- the tenant
    dialog   TEXT,                              -- whose guest; NULL = the whole account
    message  TEXT,                              -- the channel's id of the one message that is meant; NULL = all of the guest
    asked_at BIGINT NOT NULL,                   -- when it was asked for
    done     BIGINT NOT NULL DEFAULT 0          -- 1 = erased, but perhaps still in the log beside the database
);

-- A policy can name phones: it is sealed like everything else that can. `toml` stays empty.
ALTER TABLE policy ADD COLUMN body BLOB; -- sealed; NULL = still in `toml`, sealed when the store opens
