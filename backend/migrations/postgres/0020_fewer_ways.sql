-- More of what 0019 began: fewer ways to the server and back.

-- `commit_dialog` that answers when the dialog is ready next, so that nobody has to look for it in vain. It is called where
-- changes do not wait for the disk, since what comes of the inbox is decided again if it is lost. What somebody did or time
-- brought is not, and a change of the owner must stand before any text is judged by it: those wait.
CREATE FUNCTION commit_dialog_2(
    _account bigint, _dialog text, _token bigint, _before bigint,
    _seqs bigint[], _ats bigint[], _policies bigint[], _cores text[],
    _events text[], _changes text[], _actions text[], _traces text[],
    _keys text[], _lanes text[], _acts text[], _texts bigint[], _epochs bigint[], _ranks bigint[], _account_epoch bigint,
    _consumed bigint[], _parked bigint[], _until bigint[], _hints_from bigint,
    _state text, _seq bigint, _last_at bigint, _owner_kind text, _epoch bigint, _deal bigint, _contact bigint,
    _due_at bigint, _format bigint, _release boolean, _holder bigint
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    -- A lease of an earlier life of the instance: what was done under it may be forgotten.
    IF NOT EXISTS (SELECT 1 FROM dialog WHERE account = _account AND id = _dialog AND leased = _holder) THEN
        RAISE EXCEPTION USING ERRCODE = 'ES001', MESSAGE = 'the lease is lost';
    END IF;
    IF cardinality(_consumed) = 0
        OR EXISTS (SELECT 1 FROM dialog WHERE account = _account AND id = _dialog AND epoch <> _epoch) THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM commit_dialog(
        _account, _dialog, _token, _before,
        _seqs, _ats, _policies, _cores,
        _events, _changes, _actions, _traces,
        _keys, _lanes, _acts, _texts, _epochs, _ranks, _account_epoch,
        _consumed, _parked, _until, _hints_from,
        _state, _seq, _last_at, _owner_kind, _epoch, _deal, _contact,
        _due_at, _format, _release);
    RETURN (SELECT ready_at FROM dialog WHERE account = _account AND id = _dialog);
END
$$;

-- Whose a message is that left towards a guest (DESIGN §5.5): the key of the send that it echoes, '' while one is under way
-- that may explain it, NULL: somebody else's. By its id; else, if `_text` is given, by its text, once per source. The
-- match is remembered with the message's name, so that it is ours again after a crash.
CREATE FUNCTION recognise(
    _account bigint, _dialog text, _source text, _message text, _text bytea, _since bigint
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ours record;
BEGIN
    PERFORM 1 FROM dialog WHERE account = _account AND id = _dialog FOR UPDATE;
    SELECT id, key INTO ours FROM ledger
    WHERE account = _account AND dialog = _dialog AND message = _message ORDER BY id DESC LIMIT 1;
    IF NOT FOUND AND _text IS NOT NULL THEN
        -- Pact's own id, where we know it, says more than a text: an equal one under another id is somebody else's.
        SELECT id, key INTO ours FROM ledger
        WHERE account = _account AND dialog = _dialog AND text_hash = _text AND claimed_at >= _since
            AND (_source <> 'pact' OR message IS NULL)
            AND COALESCE(CASE _source WHEN 'pact' THEN matched_pact WHEN 'amocrm' THEN matched_amocrm END, COALESCE(_message, ''))
                = COALESCE(_message, '')
        ORDER BY id DESC LIMIT 1;
    END IF;
    IF ours.id IS NOT NULL THEN
        UPDATE ledger SET
            matched_pact = CASE WHEN _source = 'pact' THEN COALESCE(_message, '') ELSE matched_pact END,
            matched_amocrm = CASE WHEN _source = 'amocrm' THEN COALESCE(_message, '') ELSE matched_amocrm END
        WHERE id = ours.id;
        RETURN ours.key;
    END IF;
    IF _text IS NULL AND EXISTS (
        SELECT 1 FROM ledger WHERE account = _account AND dialog = _dialog AND state = 'pending'
    ) THEN
        RETURN '';
    END IF;
    RETURN NULL;
END
$$;
