-- A late answer of a bot names its turn, and so its dialog, but no account.
CREATE INDEX dialog_id ON dialog (id);
