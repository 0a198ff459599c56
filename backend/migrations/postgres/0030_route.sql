-- Many hints in one way to the server and back, beside what 0019 and 0020 began.

-- Replaces rows without a dialog by rows that have one, or by none. `_of`: which row each of the new ones replaces. ES001:
-- somebody was faster with one of them. ES002: it would break what the store promises.
CREATE FUNCTION route(
    _ids bigint[],
    _of bigint[], _accounts bigint[], _dialogs text[], _conversations text[],
    _sources text[], _keys text[], _bodies bytea[], _ats bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    handled bigint;
BEGIN
    -- The rows themselves stay, done, so that their duplicates are still known.
    UPDATE inbox SET state = 'done' WHERE id = ANY (_ids) AND state = 'new' AND dialog IS NULL;
    GET DIAGNOSTICS handled = ROW_COUNT;
    IF handled <> cardinality(_ids) THEN
        RAISE EXCEPTION USING ERRCODE = 'ES001', MESSAGE = 'somebody was faster with a row';
    END IF;
    IF EXISTS (
        SELECT 1 FROM unnest(_of, _accounts) AS copy (of, account) JOIN inbox ON inbox.id = copy.of
        WHERE inbox.account <> copy.account
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'ES002', MESSAGE = 'a row may not be routed to another account';
    END IF;
    WITH stored AS (
        INSERT INTO inbox (account, dialog, conversation, source, dedup_key, part, body, at)
        SELECT copy.account, copy.dialog, copy.conversation, copy.source, copy.key,
            CASE WHEN (copy.source, copy.key) = (hint.source, hint.dedup_key)
                THEN row_number() OVER (PARTITION BY copy.of, copy.source, copy.key ORDER BY copy.number) ELSE 0 END,
            copy.body, copy.at
        FROM unnest(_of, _accounts, _dialogs, _conversations, _sources, _keys, _bodies, _ats)
            WITH ORDINALITY AS copy (of, account, dialog, conversation, source, key, body, at, number)
        JOIN inbox AS hint ON hint.id = copy.of
        ORDER BY copy.number
        ON CONFLICT (account, source, dedup_key, part) DO NOTHING
        RETURNING account, dialog, conversation, at
    )
    -- Each dialog once, and all in one order, so that two who wake some do not wait for each other.
    INSERT INTO dialog (account, id, conversation, ready_at)
    SELECT account, dialog, COALESCE(MIN(conversation), (
        SELECT d.conversation FROM dialog d WHERE d.account = stored.account AND d.id = stored.dialog)), MIN(at)
    FROM stored GROUP BY account, dialog ORDER BY account, dialog
    ON CONFLICT (account, id) DO UPDATE SET ready_at = CASE
        WHEN dialog.ready_at < excluded.ready_at THEN dialog.ready_at ELSE excluded.ready_at END;
END
$$;
