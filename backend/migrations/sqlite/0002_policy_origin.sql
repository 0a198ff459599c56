-- Where a version of the policy came from: default, file, cli or api. A version that somebody made by hand is not
-- replaced by the default's next edition, nor by a file that did not change.
ALTER TABLE policy ADD COLUMN origin TEXT NOT NULL DEFAULT 'default';
