-- Which edition of the default rules a version is (config::DEFAULT_EDITION); 0 = none, or one of before editions had numbers.
ALTER TABLE policy ADD COLUMN edition BIGINT NOT NULL DEFAULT 0;
