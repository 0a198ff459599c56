-- What the house says to its guests. Open words: every guest may read them.
CREATE TABLE knowledge (
    account  BIGINT NOT NULL REFERENCES account (id), -- the tenant
    version  BIGINT NOT NULL,                         -- from 1
    files    TEXT   NOT NULL,                         -- JSON: as the house wrote it
    format   BIGINT NOT NULL,                         -- version of the terms that its passages are found by
    passages BIGINT NOT NULL,                         -- how many it has
    at       BIGINT NOT NULL,                         -- since when
    origin   TEXT   NOT NULL,                         -- where it came from
    by_user  BIGINT,                                  -- the user of the CRM who stored it; NULL = nobody of the CRM did
    PRIMARY KEY (account, version)
);

-- The passages of each account's newest version, to be searched.
CREATE TABLE passage (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,       -- grows in the base's order
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    version BIGINT NOT NULL,                         -- of the base
    name    TEXT   NOT NULL,                         -- as answers cite it
    terms   TEXT   NOT NULL,                         -- what it is found by: each term with its account before it
    UNIQUE (account, name)
);
-- The index of the terms. Letters and digits alone are in them, so the tokenizer changes nothing.
CREATE VIRTUAL TABLE passage_terms USING fts5 (
    terms, content = 'passage', content_rowid = 'id', detail = 'none', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER passage_in AFTER INSERT ON passage BEGIN
    INSERT INTO passage_terms (rowid, terms) VALUES (new.id, new.terms);
END;
CREATE TRIGGER passage_out AFTER DELETE ON passage BEGIN
    INSERT INTO passage_terms (passage_terms, rowid, terms) VALUES ('delete', old.id, old.terms);
END;

-- Guests' questions that found nothing.
CREATE TABLE missed (
    account BIGINT NOT NULL, -- the tenant
    dialog  TEXT   NOT NULL, -- whose question: with the guest it is erased
    turn    TEXT   NOT NULL, -- the question to the bot
    texts   TEXT   NOT NULL, -- JSON: rows of `text`, where the words are
    at      BIGINT NOT NULL, -- when
    PRIMARY KEY (account, dialog, turn)
);
CREATE INDEX missed_at ON missed (account, at);
