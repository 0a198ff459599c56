-- Who stored a version of the rules: a user of the CRM. NULL = nobody of the CRM did.
ALTER TABLE policy ADD COLUMN by_user BIGINT;
