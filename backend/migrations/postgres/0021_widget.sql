-- See SQLite's migration of this number.
CREATE TABLE widget (
    account BIGINT PRIMARY KEY REFERENCES account (id),
    seen_at BIGINT NOT NULL,
    version TEXT
);
