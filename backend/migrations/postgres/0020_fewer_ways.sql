-- More of what 0019 began: fewer ways to the server and back.

-- `commit_dialog` that answers when the dialog is ready next, so that nobody has to look for it in vain.
CREATE FUNCTION commit_dialog_2(
    _account bigint, _dialog text, _token bigint, _before bigint,
    _seqs bigint[], _ats bigint[], _policies bigint[], _cores text[],
    _events text[], _changes text[], _actions text[], _traces text[],
    _keys text[], _lanes text[], _acts text[], _texts bigint[], _epochs bigint[], _ranks bigint[], _account_epoch bigint,
    _consumed bigint[], _parked bigint[], _until bigint[], _hints_from bigint,
    _state text, _seq bigint, _last_at bigint, _owner_kind text, _epoch bigint, _deal bigint, _contact bigint,
    _due_at bigint, _format bigint, _release boolean
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    held record;
    handled bigint;
    next_at bigint;
BEGIN
    SELECT seq, deal INTO held FROM dialog
    WHERE account = _account AND id = _dialog AND token = _token AND leased <> 0 FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'ES001', MESSAGE = 'the lease is lost';
    END IF;
    IF held.seq <> _before THEN
        RAISE EXCEPTION USING ERRCODE = 'ES002', MESSAGE = format('journal row %s after %s', _before + 1, held.seq);
    END IF;
    IF cardinality(_seqs) > 0 THEN
        INSERT INTO journal (account, dialog, seq, at, policy_version, core_version, event, changes, actions, trace)
        SELECT _account, _dialog, * FROM unnest(_seqs, _ats, _policies, _cores, _events, _changes, _actions, _traces);
    END IF;
    IF cardinality(_keys) > 0 THEN
        INSERT INTO outbox
            (account, dialog, key, lane, action, text, epoch, account_epoch, not_before, created_at, rank)
        SELECT _account, _dialog, act.key, act.lane, act.action, act.text, act.epoch, _account_epoch, _last_at, _last_at, act.rank
        FROM unnest(_keys, _lanes, _acts, _texts, _epochs, _ranks)
            WITH ORDINALITY AS act (key, lane, action, text, epoch, rank, number)
        ORDER BY act.number;
    END IF;
    IF cardinality(_consumed) > 0 THEN
        UPDATE inbox SET state = 'done', parked_until = NULL
        WHERE id = ANY (_consumed) AND account = _account AND dialog = _dialog AND state = 'new';
        GET DIAGNOSTICS handled = ROW_COUNT;
        IF handled <> cardinality(_consumed) THEN
            RAISE EXCEPTION USING ERRCODE = 'ES002', MESSAGE = 'an inbox row does not wait in this dialog';
        END IF;
    END IF;
    IF cardinality(_parked) > 0 THEN
        -- Not if the send that it waited for has ended meanwhile: then nothing would wake it before its time.
        UPDATE inbox SET holds_sends = 1, parked_until = CASE WHEN EXISTS (
            SELECT 1 FROM ledger WHERE account = _account AND dialog = _dialog AND state = 'pending'
        ) THEN row.until END
        FROM unnest(_parked, _until) AS row (id, until)
        WHERE inbox.id = row.id AND account = _account AND dialog = _dialog AND state = 'new';
        GET DIAGNOSTICS handled = ROW_COUNT;
        IF handled <> cardinality(_parked) THEN
            RAISE EXCEPTION USING ERRCODE = 'ES002', MESSAGE = 'an inbox row does not wait in this dialog';
        END IF;
    END IF;
    IF _deal IS NOT NULL AND _deal IS DISTINCT FROM held.deal THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(format('deal/%s/%s', _account, _deal), 0));
        UPDATE inbox SET state = 'new', dialog = _dialog
        WHERE account = _account AND deal = _deal AND state = 'unclaimed' AND at >= _hints_from;
    END IF;
    UPDATE dialog SET state = _state, seq = _seq, last_at = _last_at, owner_kind = _owner_kind, epoch = _epoch,
        deal = _deal, contact = _contact, due_at = _due_at, format = _format,
        leased = CASE WHEN _release THEN 0 ELSE leased END,
        ready_at = (SELECT MIN(soon) FROM (
            SELECT MIN(COALESCE(parked_until, at)) AS soon FROM inbox
            WHERE account = _account AND dialog = _dialog AND state = 'new'
            UNION ALL SELECT _due_at) AS soonest)
    WHERE account = _account AND id = _dialog RETURNING ready_at INTO next_at;
    RETURN next_at;
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
