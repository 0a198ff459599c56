-- Instances of different versions beside each other: what is decided under a newer format of dialogs is carried out by an
-- instance that knows it.

-- The format that the instance writes (widget_core::dialog::FORMAT); 0 = it is of before instances told.
ALTER TABLE instance ADD COLUMN format BIGINT NOT NULL DEFAULT 0;

-- Claims up to `_most` sends of an account, each with what its fence and its limit say at that moment (promise 1), and
-- writes its pending row of the ledger. Answers them as claimed (2 = refused), with what carrying them out needs.
-- `_waiting`: the kinds that may leave while nobody took the guest. `_within`: the windows of the provider's limit, ms; none
-- = no limit holds. `_shares`: how many places of each window the ranks may fill, four numbers a window. A place older than
-- `_forgotten` is in no window. `_format`: dialogs of a newer one are left to a newer instance.
-- The function without it is that of instances of before.
CREATE FUNCTION claim_sends_2(
    _account bigint, _holder bigint, _most bigint, _now bigint,
    _waiting text[], _within bigint[], _shares bigint[], _forgotten bigint,
    _format bigint
) RETURNS TABLE (
    id bigint, account bigint, dialog text, key text, lane text, action text, text bigint, phase text, checks bigint,
    tries bigint, claimed bigint, claimed_at bigint, created_at bigint, sought_from bigint, failing_since bigint,
    token bigint, not_before bigint, dialog_state text, guest bytea, words bytea
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    send record;
    last_rank bigint;
    is_refused boolean;
BEGIN
    FOR number IN 1 .. _most LOOP
        -- A send that may not leave any more is refused whatever it waits for, since what is decided under the new epoch
        -- stands behind it. Only one that was never tried keeps its pause: the caller may be unable to read it.
        SELECT o.id, o.dialog, o.key, o.action, o.text, o.phase, o.epoch, o.account_epoch,
            d.epoch AS dialog_epoch, d.owner_kind, a.epoch AS epoch_of_account
        INTO send
        FROM outbox o
        JOIN dialog d ON d.account = o.account AND d.id = o.dialog
        JOIN account a ON a.id = o.account
        WHERE o.state = 'open' AND o.claimed = 0 AND o.account = _account AND o.lane = 'send' AND d.format <= _format
            AND o.phase = 'call' AND (d.epoch <> o.epoch OR a.epoch <> o.account_epoch)
            AND (o.not_before <= _now OR o.tries > 0)
        ORDER BY o.id LIMIT 1
        FOR UPDATE OF o FOR SHARE OF d, a;
        IF NOT FOUND THEN
            -- The last rank that there is a place for; -1 = none.
            last_rank := 3;
            IF cardinality(_within) > 0 THEN
                IF EXISTS (SELECT 1 FROM pause p WHERE p.account = _account AND p.class = 'send' AND p.until > _now) THEN
                    last_rank := -1;
                ELSE
                    SELECT MIN(COALESCE((
                        SELECT MAX(rank) FROM generate_series(0, 3) AS rank
                        WHERE (SELECT COUNT(*) FROM place b
                               WHERE b.account = _account AND b.class = 'send' AND b.at > _now - w.within)
                            < _shares[4 * (w.number - 1) + rank + 1]
                    ), -1))
                    INTO last_rank
                    FROM unnest(_within) WITH ORDINALITY AS w (within, number);
                END IF;
            END IF;
            -- A parked row stands before a call, but not before a check: that is what may explain the row. Of equally
            -- urgent dialogs that one goes first which got less lately.
            SELECT o.id, o.dialog, o.key, o.action, o.text, o.phase, o.epoch, o.account_epoch,
                d.epoch AS dialog_epoch, d.owner_kind, a.epoch AS epoch_of_account
            INTO send
            FROM outbox o
            JOIN dialog d ON d.account = o.account AND d.id = o.dialog
            JOIN account a ON a.id = o.account
            WHERE o.state = 'open' AND o.claimed = 0 AND o.account = _account AND o.lane = 'send'
                AND d.format <= _format AND o.not_before <= _now
                AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state = 'open' AND p.account = o.account
                    AND p.dialog = o.dialog AND p.lane = o.lane AND p.id < o.id)
                AND (o.phase <> 'call' OR (
                    (SELECT MIN(p.rank) FROM outbox p WHERE p.state = 'open' AND p.account = o.account
                        AND p.dialog = o.dialog AND p.lane = o.lane) <= last_rank
                    AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.state = 'new' AND i.dialog IS NOT NULL
                        AND i.account = o.account AND i.dialog = o.dialog AND i.holds_sends = 1)))
            ORDER BY (SELECT MIN(p.rank) FROM outbox p WHERE p.state = 'open' AND p.account = o.account
                    AND p.dialog = o.dialog AND p.lane = o.lane),
                (SELECT COUNT(*) FROM place b WHERE b.account = o.account AND b.class = 'send'
                    AND b.at > _now - 60000 AND b.dialog = o.dialog),
                o.not_before, o.id
            LIMIT 1
            FOR UPDATE OF o FOR SHARE OF d, a;
            EXIT WHEN NOT FOUND;
        END IF;
        is_refused := false;
        IF send.phase = 'call' THEN
            IF send.dialog_epoch IS DISTINCT FROM send.epoch OR send.epoch_of_account <> send.account_epoch THEN
                is_refused := true;
            ELSIF send.owner_kind = 'waiting' THEN
                BEGIN
                    is_refused := COALESCE(NOT (send.action::jsonb ->> 'kind' = ANY (_waiting)), true);
                EXCEPTION WHEN data_exception THEN
                    -- Nobody can read it: the caller puts it off.
                    is_refused := true;
                END;
            ELSE
                is_refused := send.owner_kind <> 'bot';
            END IF;
            IF NOT is_refused THEN
                INSERT INTO ledger (account, dialog, key, kind, state, text_hash, claimed_at) VALUES
                    (_account, send.dialog, send.key, 'send', 'pending',
                     (SELECT t.echo FROM text t WHERE t.account = _account AND t.dialog = send.dialog AND t.id = send.text),
                     _now)
                ON CONFLICT (account, key) DO UPDATE SET
                    state = 'pending', text_hash = excluded.text_hash, claimed_at = excluded.claimed_at;
                IF cardinality(_within) > 0 THEN
                    DELETE FROM place b WHERE b.account = _account AND b.class = 'send' AND b.at <= _forgotten;
                    INSERT INTO place (account, class, dialog, at) VALUES (_account, 'send', send.dialog, _now);
                END IF;
            END IF;
        END IF;
        RETURN QUERY UPDATE outbox o SET
            claimed = CASE WHEN is_refused THEN 2 ELSE 1 END, token = o.token + 1, holder = _holder,
            claimed_at = CASE WHEN o.phase = 'call' THEN _now ELSE o.claimed_at END
        WHERE o.id = send.id
        RETURNING o.id, o.account, o.dialog, o.key, o.lane, o.action, o.text, o.phase, o.checks, o.tries, o.claimed,
            o.claimed_at, o.created_at, o.sought_from, o.failing_since, o.token, o.not_before,
            (SELECT d.state FROM dialog d WHERE d.account = o.account AND d.id = o.dialog),
            (SELECT t.body FROM dialog d JOIN text t ON t.account = d.account AND t.id = d.guest
                WHERE d.account = o.account AND d.id = o.dialog),
            (SELECT t.body FROM text t WHERE t.account = o.account AND t.id = o.text);
    END LOOP;
END
$$;
