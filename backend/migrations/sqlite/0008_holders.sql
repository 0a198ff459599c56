-- Which instance holds what, by its number: on SQLite there is one, number 1. `dialog.leased` says it already.
ALTER TABLE outbox ADD COLUMN holder BIGINT NOT NULL DEFAULT 1; -- of a claimed action: who carries it out
-- What only one instance does needs no table where there is one.
DROP TABLE leader;
