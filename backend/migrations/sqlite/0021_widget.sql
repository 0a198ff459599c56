-- The widget in the pages of an account's CRM, as it last asked for a session: so it is uploaded and installed.
CREATE TABLE widget (
    account BIGINT PRIMARY KEY NOT NULL REFERENCES account (id), -- the tenant
    seen_at BIGINT NOT NULL,                   -- when it was last noted
    version TEXT                               -- which one; NULL = it did not say
);
