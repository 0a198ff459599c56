-- The state says when its timers are due; the table said it again, at the price of several statements a commit.
ALTER TABLE dialog ADD COLUMN due_at BIGINT; -- of the state: when its next timer is due; NULL = none is armed
UPDATE dialog SET due_at = (SELECT MIN(due) FROM timer t WHERE t.account = dialog.account AND t.dialog = dialog.id);
DROP TABLE timer;
