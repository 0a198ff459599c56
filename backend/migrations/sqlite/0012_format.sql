-- In which format a dialog's state is written (widget_core::dialog::FORMAT): an older version beside this one leaves a
-- newer format alone.
ALTER TABLE dialog ADD COLUMN format BIGINT NOT NULL DEFAULT 1;
