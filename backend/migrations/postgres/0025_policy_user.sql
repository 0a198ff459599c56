-- See SQLite's migration of this number.
ALTER TABLE policy ADD COLUMN by_user BIGINT;
