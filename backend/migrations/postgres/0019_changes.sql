-- The changes that an instance makes most often, in one way to the server and back instead of one for each statement. What
-- SQLite does for them, statement by statement, stands in `store/sqlite/changes.rs`, and the same contract tests hold both.
-- A released function never changes: another version of it gets another name, so that an older instance finds its own.

-- What was decided on a leased dialog. ES001: the lease is lost. ES002: it would break what the store promises.
CREATE FUNCTION commit_dialog(
    _account bigint, _dialog text, _token bigint, _before bigint,
    _seqs bigint[], _ats bigint[], _policies bigint[], _cores text[],
    _events text[], _changes text[], _actions text[], _traces text[],
    _keys text[], _lanes text[], _acts text[], _texts bigint[], _epochs bigint[], _ranks bigint[], _account_epoch bigint,
    _consumed bigint[], _parked bigint[], _until bigint[], _hints_from bigint,
    _state text, _seq bigint, _last_at bigint, _owner_kind text, _epoch bigint, _deal bigint, _contact bigint,
    _due_at bigint, _format bigint, _release boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    held record;
    handled bigint;
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
    WHERE account = _account AND id = _dialog;
END
$$;

-- A carried-out action and its result. `_message`: the channel's id of a send; NULL: it did not leave, or nobody knows.
-- ES001: the claim is lost.
CREATE FUNCTION end_act(
    _account bigint, _dialog text, _key text, _token bigint, _is_send boolean, _message text, _may_have_left boolean,
    _conversation text, _source text, _dedup_key text, _body bytea, _at bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE outbox SET state = 'done', claimed = 0
    WHERE account = _account AND key = _key AND token = _token AND state = 'open' AND claimed <> 0;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'ES001', MESSAGE = 'the claim is lost';
    END IF;
    -- This wakes the dialog, and holds it until the ledger is right too.
    UPDATE dialog SET ready_at = CASE WHEN ready_at < _at THEN ready_at ELSE _at END
    WHERE account = _account AND id = _dialog;
    INSERT INTO inbox (account, dialog, conversation, source, dedup_key, part, body, at)
    VALUES (_account, _dialog, _conversation, _source, _dedup_key, 0, _body, _at)
    ON CONFLICT (account, source, dedup_key, part) DO NOTHING;
    IF NOT _is_send THEN
        RETURN;
    END IF;
    IF _message IS NOT NULL THEN
        UPDATE ledger SET state = 'done', message = _message WHERE account = _account AND key = _key;
    ELSIF _may_have_left THEN
        UPDATE ledger SET state = 'lost' WHERE account = _account AND key = _key;
    ELSE
        DELETE FROM ledger WHERE account = _account AND key = _key;
    END IF;
    UPDATE inbox SET parked_until = NULL
    WHERE account = _account AND dialog = _dialog AND state = 'new' AND parked_until IS NOT NULL;
END
$$;
