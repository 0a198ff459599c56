-- Estafeta's store. Portable on purpose: BIGINT for numbers and unix ms of the business clock, TEXT for ids and JSON,
-- 0 and 1 for truth. «sealed» = readable only with the account's key. «look-up» = HMAC with a key of the account.
-- Every row names its account.

CREATE TABLE account (
    id    BIGINT PRIMARY KEY NOT NULL, -- amoCRM's account id: the tenant
    key   BLOB   NOT NULL,             -- the account's random 256-bit key, sealed with the master key
    epoch BIGINT NOT NULL DEFAULT 0    -- grows with every change of the account's mode: fences its sends
);

CREATE TABLE dialog (
    account      BIGINT NOT NULL REFERENCES account (id), -- the tenant
    id           TEXT   NOT NULL,                         -- our id
    conversation TEXT   NOT NULL,                         -- the channel's thread
    state        TEXT,                                    -- JSON of the state; NULL before the first decision
    seq          BIGINT NOT NULL DEFAULT 0,               -- last journal row of the state
    last_at      BIGINT NOT NULL DEFAULT 0,               -- time of the last decision
    owner_kind   TEXT   NOT NULL DEFAULT 'bot',           -- bot, waiting or manager: of the state, for the fence of sends
    epoch        BIGINT NOT NULL DEFAULT 0,               -- of the state, for the fence of sends
    deal         BIGINT,                                  -- of the state, for the card
    guest        BIGINT,                                  -- row of `text` that says who the guest is
    leased       BIGINT NOT NULL DEFAULT 0,               -- 1 while somebody may change it
    token        BIGINT NOT NULL DEFAULT 0,               -- fencing token, grows with every lease
    ready_at     BIGINT,                                  -- when its next row or timer is ready; NULL = nothing to do
    PRIMARY KEY (account, id)
);
CREATE INDEX dialog_ready ON dialog (ready_at, account, id) WHERE leased = 0 AND ready_at IS NOT NULL;
CREATE INDEX dialog_deal ON dialog (account, deal) WHERE deal IS NOT NULL;

CREATE TABLE journal (
    account        BIGINT NOT NULL, -- the tenant
    dialog         TEXT   NOT NULL, -- the dialog
    seq            BIGINT NOT NULL, -- from 1 without gaps
    at             BIGINT NOT NULL, -- when it was decided
    policy_version BIGINT NOT NULL, -- under which version of the policy
    core_version   TEXT   NOT NULL, -- by which version of widget-core
    event          TEXT   NOT NULL, -- JSON
    changes        TEXT   NOT NULL, -- JSON; their fold is the state
    actions        TEXT   NOT NULL, -- JSON
    trace          TEXT   NOT NULL, -- JSON
    PRIMARY KEY (account, dialog, seq),
    FOREIGN KEY (account, dialog) REFERENCES dialog (account, id)
);

CREATE TABLE text (
    id      INTEGER PRIMARY KEY AUTOINCREMENT, -- what journal, state and outbox hold instead of the text
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    dialog  TEXT   NOT NULL,                   -- whose text: with the dialog it is erased
    body    BLOB,                              -- sealed; NULL = erased
    same    BLOB,                              -- look-up: the same text of the same dialog; NULL = erased
    echo    BLOB,                              -- look-up: the text but for white space; NULL = erased, or never sent
    UNIQUE (account, dialog, same)
);

CREATE TABLE inbox (
    id           INTEGER PRIMARY KEY AUTOINCREMENT, -- grows in the order of arrival
    account      BIGINT NOT NULL REFERENCES account (id), -- the tenant
    dialog       TEXT,                              -- the dialog; NULL = to be looked up
    conversation TEXT,                              -- the channel's thread, if the row names it
    source       TEXT   NOT NULL,                   -- pact, amocrm or act
    dedup_key    TEXT   NOT NULL,                   -- the same key from the same source is the same event
    part         BIGINT NOT NULL DEFAULT 0,         -- 0 = as it arrived; n = the n-th row it was routed to under its own key
    body         BLOB   NOT NULL,                   -- sealed
    at           BIGINT NOT NULL,                   -- arrival
    tries        BIGINT NOT NULL DEFAULT 0,         -- how often handling it failed
    parked_until BIGINT,                            -- a possible echo of ours: not handled before
    holds_sends  BIGINT NOT NULL DEFAULT 0,         -- 1 = it was parked: no send of the dialog until it is handled
    state        TEXT   NOT NULL DEFAULT 'new',     -- new, done or poison
    UNIQUE (account, source, dedup_key, part)
);
CREATE INDEX inbox_dialog ON inbox (account, dialog, id) WHERE state = 'new' AND dialog IS NOT NULL;
CREATE INDEX inbox_unrouted ON inbox (id) WHERE state = 'new' AND dialog IS NULL;

CREATE TABLE outbox (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- grows in the order of decision
    account       BIGINT NOT NULL,                   -- the tenant
    dialog        TEXT   NOT NULL,                   -- the dialog
    key           TEXT   NOT NULL,                   -- dialog/seq/index: names the action for ever
    lane          TEXT   NOT NULL,                   -- actions of a dialog and lane are carried out one after the other
    action        TEXT   NOT NULL,                   -- JSON
    text          BIGINT,                            -- of a send: row of `text` as it will be sent
    epoch         BIGINT,                            -- of a send: the dialog's epoch under which it may leave
    account_epoch BIGINT NOT NULL,                   -- the account's epoch under which it may leave
    phase         TEXT   NOT NULL DEFAULT 'call',    -- call, or check: the outcome of a call is unknown
    checks        BIGINT NOT NULL DEFAULT 0,         -- how often its effect was looked for
    tries         BIGINT NOT NULL DEFAULT 0,         -- how many calls were made
    not_before    BIGINT NOT NULL,                   -- not before this time
    created_at    BIGINT NOT NULL,                   -- when it was decided
    claimed_at    BIGINT NOT NULL DEFAULT 0,         -- when the last call was claimed
    claimed       BIGINT NOT NULL DEFAULT 0,         -- 0 = free, 1 = being carried out, 2 = refused and being reported
    token         BIGINT NOT NULL DEFAULT 0,         -- fencing token, grows with every claim
    state         TEXT   NOT NULL DEFAULT 'open',    -- open or done
    UNIQUE (account, key),
    FOREIGN KEY (account, dialog) REFERENCES dialog (account, id)
);
CREATE INDEX outbox_next ON outbox (not_before, id) WHERE state = 'open' AND claimed = 0;
CREATE INDEX outbox_lane ON outbox (account, dialog, lane, id) WHERE state = 'open';

CREATE TABLE timer (
    account    BIGINT NOT NULL, -- the tenant
    dialog     TEXT   NOT NULL, -- the dialog
    timer      TEXT   NOT NULL, -- which
    generation BIGINT NOT NULL, -- its arming: another one means it was re-armed meanwhile
    due        BIGINT NOT NULL, -- when
    PRIMARY KEY (account, dialog, timer),
    FOREIGN KEY (account, dialog) REFERENCES dialog (account, id)
);

CREATE TABLE ledger (
    id              INTEGER PRIMARY KEY AUTOINCREMENT, -- grows in the order of claims
    account         BIGINT NOT NULL,                   -- the tenant
    dialog          TEXT   NOT NULL,                   -- the dialog
    key             TEXT   NOT NULL,                   -- the action that writes it
    kind            TEXT   NOT NULL,                   -- what is written: send
    state           TEXT   NOT NULL,                   -- pending = on its way, done = accepted
    text_hash       BLOB,                              -- look-up: the text but for white space
    message         TEXT,                              -- the channel's id, once accepted
    claimed_at      BIGINT NOT NULL,                   -- when the last call was claimed
    matched_pact    TEXT,                              -- the message that was Pact's echo; NULL = not seen
    matched_amocrm  TEXT,                              -- the message that was amoCRM's echo; NULL = not seen
    UNIQUE (account, key)
);
CREATE INDEX ledger_dialog ON ledger (account, dialog, id);
CREATE INDEX ledger_message ON ledger (account, dialog, message) WHERE message IS NOT NULL;

CREATE TABLE contact_phone (
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    phone   BLOB   NOT NULL,                         -- look-up: the digits
    contact BIGINT NOT NULL,                         -- the CRM's contact
    PRIMARY KEY (account, phone)
);

CREATE TABLE jti (
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    id      TEXT   NOT NULL,                         -- a one-time token that was used
    until   BIGINT NOT NULL,                         -- when the token is over and this row may go
    PRIMARY KEY (account, id)
);

CREATE TABLE policy (
    account BIGINT NOT NULL REFERENCES account (id), -- the tenant
    version BIGINT NOT NULL,                         -- from 1
    toml    TEXT   NOT NULL,                         -- as it was given
    at      BIGINT NOT NULL,                         -- since when
    PRIMARY KEY (account, version)
);

CREATE TABLE leader (
    chore      TEXT PRIMARY KEY NOT NULL, -- what only one instance does
    holder     TEXT   NOT NULL,           -- which instance
    expires_at BIGINT NOT NULL            -- until when; always free on SQLite, where there is one instance
);
