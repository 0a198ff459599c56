//! What every store has to hold. Written against `ports` alone; a store runs it with [`contract!`].

mod budget;
mod grants;
mod incidents;
mod knowledge;
mod privacy;
mod setups;

pub(super) use budget::*;
pub(super) use grants::*;
pub(super) use incidents::*;
pub(super) use knowledge::*;
pub(super) use privacy::*;
pub(super) use setups::*;

use crate::error::StoreError;
use crate::ports::{
    ActClaim, Again, Claimed, ClaimedAct, Commit, Echo, Finish, Guest, History, JournalRow, Lane,
    Lease, NewAct, NewRow, Origin, Phase, PolicyVersion, Reach, Recorded, Replaced, Scope, Source,
    Store, StoredPolicy, Wanted,
};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::JoinSet;
use widget_core::action::{Action, SendKind};
use widget_core::change::Change;
use widget_core::dialog::Dialog;
use widget_core::event::{FieldValue, Timer};
use widget_core::ids::{
    AccountId, ActionKey, ContactId, ConversationId, DealId, DialogId, MessageId, TextRef, TurnId,
    UserId,
};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};

/// A store on trial, with what the traits do not show.
#[async_trait]
pub(super) trait Bench: Send + Sync + Sized {
    /// An empty store.
    async fn start() -> Self;
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
    /// Kills the process's part of the store without a goodbye and opens what is left.
    async fn crash(&mut self);
    /// The changes of the journal's rows: `(seq, at, JSON)`.
    async fn journal(&self, account: AccountId, dialog: &DialogId) -> Vec<(u64, i64, String)>;
    /// What is stored of pairs of tokens, as it stands.
    async fn grant_bodies(&self) -> Vec<Vec<u8>>;
    /// All journals, opened beside the running store.
    async fn history(&self) -> Arc<dyn History>;
}

/// The whole contract as tests of one [`Bench`].
macro_rules! contract {
    ($bench:ty) => {
        $crate::adapters::store::contract::contract! { $bench:
            promise_2_nothing_lost_an_acknowledged_row_is_there_after_a_crash,
            promise_3_nothing_twice_a_duplicate_is_not_stored_even_after_the_row_is_handled,
            the_same_key_of_another_source_or_account_is_no_duplicate,
            what_nothing_follows_from_is_kept_and_wakes_nobody,
            design_5_6_how_far_an_account_has_come_is_kept_and_never_goes_back,
            design_5_6_open_dialogs_are_those_of_people_and_lately_those_of_the_bot,
            rows_of_a_dialog_come_in_the_order_of_arrival,
            the_dialog_that_has_been_ready_longest_is_claimed_first,
            a_claim_takes_at_most_fifty_rows_and_the_rest_stays_ready,
            a_claim_tells_of_another_dialog_and_a_commit_when_it_is_ready_again,
            promise_2_nothing_lost_of_200_concurrent_ingests,
            a_row_without_a_dialog_is_replaced_by_rows_that_have_one,
            a_claim_brings_who_the_guest_is_and_what_carrying_an_action_out_needs,
            a_dialog_is_leased_to_one_at_a_time,
            a_claim_whose_caller_has_gone_is_given_back,
            a_commit_under_a_stale_token_changes_nothing,
            a_lease_may_be_kept_over_several_commits,
            promise_2_nothing_lost_a_commit_that_fails_leaves_all_as_it_was,
            promise_7_replayable_the_state_is_the_fold_of_the_journal,
            promise_7_replayable_all_journals_are_read_beside_the_running_store,
            a_lease_ends_with_its_process,
            timers_are_those_of_the_state_and_come_when_due,
            a_row_that_failed_three_times_is_kept_out_of_the_way,
            promise_2_nothing_lost_a_failed_row_waits_and_what_came_before_it_stands,
            dialogs_of_a_deal_are_found_by_it_newest_first,
            promise_6_separate_dialogs_that_wait_are_found_by_their_reason_in_their_account,
            actions_of_a_lane_run_one_after_the_other_and_lanes_beside_each_other,
            an_action_to_be_tried_again_keeps_its_lane_and_waits_its_time,
            promise_2_nothing_lost_the_result_of_an_action_comes_through_the_inbox_once,
            promise_1_one_voice_a_send_of_an_older_epoch_is_refused,
            promise_1_one_voice_each_kind_of_send_leaves_only_under_its_owners,
            promise_1_one_voice_an_unsent_text_is_refused_after_the_accounts_mode_changed,
            a_check_is_not_fenced_for_the_text_may_have_left,
            a_send_in_flight_is_seen_by_whoever_takes_the_dialog,
            sends_keep_within_five_a_second_and_thirty_a_minute,
            design_5_4_answers_go_first_then_handoffs_then_touches,
            touches_leave_room_for_a_handoff_that_comes_later,
            a_talkative_dialog_takes_no_place_from_the_others,
            promise_6_separate_an_account_takes_no_place_of_another,
            promise_2_nothing_lost_a_restart_gives_nobody_new_places,
            a_pause_of_the_channel_holds_for_the_whole_account,
            each_class_of_reads_has_places_of_its_own,
            a_text_that_may_not_leave_any_more_stands_before_no_handoff,
            failures_are_counted_from_the_first_and_held_ones_anew,
            promise_3_nothing_twice_after_a_crash_a_claimed_action_is_looked_for_first,
            a_parked_row_holds_back_the_sends_of_its_dialog_and_nothing_else,
            a_parked_row_survives_a_crash_and_comes_back_in_time,
            a_row_is_not_parked_for_a_send_that_has_ended_meanwhile,
            an_echo_is_pending_until_the_send_has_its_id,
            a_send_that_did_not_leave_is_expected_no_longer,
            an_equal_text_is_ours_once_per_source_within_two_hours,
            promise_1_an_equal_text_under_another_id_than_ours_is_not_ours,
            a_send_given_up_with_an_unknown_outcome_is_known_by_its_text,
            promise_2_a_hint_about_a_deal_waits_for_the_dialog_that_is_bound_to_it,
            of_two_actions_the_older_one_is_known,
            the_same_text_of_a_dialog_keeps_its_reference,
            one_text_put_at_once_from_many_sides_has_one_reference,
            a_guest_and_a_contact_are_remembered,
            a_one_time_token_is_used_once_and_forgotten_in_time,
            a_setup_is_kept_in_the_place_of_its_version_alone,
            promise_6_separate_a_tenant_is_set_up_once_and_goes_with_its_account,
            a_link_is_used_once,
            a_widget_is_kept_as_it_was_last_seen_and_goes_with_its_account,
            promise_1_one_voice_a_text_decided_under_the_mode_before_is_refused_however_late_it_is_committed,
            a_policy_gets_a_version_when_it_changes,
            what_was_changed_by_hand_is_not_undone_by_a_file_that_did_not_change,
            the_default_policy_gives_way_to_any_other,
            an_earlier_edition_of_the_default_policy_does_not_come_back,
            a_change_of_mode_raises_the_accounts_epoch_and_nothing_else_does,
            versions_of_a_policy_are_kept_with_their_texts,
            a_policy_replaces_only_the_version_that_was_seen,
            promise_6_separate_the_newest_versions_of_all_accounts_are_known_at_once,
            promise_6_separate_an_account_neither_sees_nor_affects_another,
            privacy_an_erased_guest_leaves_ids_and_a_state_that_is_the_fold,
            privacy_a_guest_is_not_erased_while_the_dialog_is_worked_on,
            privacy_what_is_found_of_a_guest_who_was_erased_meanwhile_is_not_kept,
            privacy_a_guest_who_was_erased_before_an_action_found_them_does_not_come_back,
            privacy_a_deleted_messages_text_goes_unless_another_says_the_same,
            promise_6_separate_an_erased_account_takes_nothing_of_another,
            what_is_handled_goes_in_time_and_what_waits_stays,
            promise_6_separate_a_pair_of_tokens_is_its_accounts_alone,
            promise_3_nothing_twice_a_pair_is_renewed_by_one_of_many,
            a_refused_renewal_is_trouble_until_somebody_brings_a_pair,
            privacy_tokens_are_sealed_and_go_with_their_account,
            behaviour_5_alerts_an_incident_begins_once_however_many_see_its_cause,
            promise_3_nothing_twice_an_incident_is_told_by_one_of_many_and_once,
            promise_2_nothing_lost_what_was_being_told_at_a_crash_is_looked_for,
            promise_6_separate_incidents_and_their_tellings_are_their_accounts,
            when_the_channel_was_last_heard_is_kept_and_never_goes_back,
            the_oldest_text_or_write_that_waits_is_known,
            issue_9_3_passages_are_found_by_any_of_the_terms,
            a_base_gets_a_version_when_it_changes_and_the_newest_is_searched,
            issue_9_3_both_databases_choose_all_that_the_core_would_rank,
            privacy_a_question_that_found_nothing_goes_with_its_guest,
            promise_6_separate_a_base_and_its_questions_are_their_accounts,
        }
    };
    ($bench:ty: $($test:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $test() {
            crate::adapters::store::contract::$test::<$bench>().await;
        }
    )*};
}
pub(super) use contract;

const ONE: AccountId = AccountId(1);
const TWO: AccountId = AccountId(2);
/// A business time; every test begins here.
const T: i64 = 1_800_000_000_000;
const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600_000;

pub(super) fn dialog(name: &str) -> DialogId {
    DialogId::from(name)
}

fn row(account: AccountId, name: &str, key: &str, at: i64) -> NewRow {
    NewRow {
        account,
        dialog: Some(dialog(name)),
        conversation: Some(ConversationId(format!("thread of {name}"))),
        source: Source::Pact,
        dedup_key: key.to_owned(),
        body: format!("body of {key}").into_bytes(),
        at,
    }
}

fn unrouted(key: &str, at: i64) -> NewRow {
    NewRow {
        dialog: None,
        conversation: None,
        source: Source::Amocrm,
        ..row(ONE, "", key, at)
    }
}

fn send(kind: SendKind, epoch: u64) -> Action {
    Action::Send {
        kind,
        parts: Vec::new(),
        epoch,
    }
}

pub(super) fn answer(epoch: u64) -> Action {
    send(SendKind::Answer, epoch)
}

fn question(turn: &str) -> Action {
    Action::AskBot {
        turn: TurnId::from(turn),
        messages: Vec::new(),
        introduce: false,
        manager_note: None,
    }
}

fn owner_field() -> Action {
    Action::SetOwnerField {
        deal: DealId(1),
        value: FieldValue::Bot,
    }
}

fn waiting(epoch: u64) -> Change {
    Change::OwnerSet(OwnerView {
        owner: Owner::Waiting {
            since: T,
            reason: Reason {
                id: ReasonId::HumanRequest,
                values: std::collections::BTreeMap::new(),
            },
        },
        epoch,
    })
}

fn led_by_manager(epoch: u64) -> Change {
    Change::OwnerSet(OwnerView {
        owner: Owner::Manager {
            user: Some(UserId(9002)),
            since: T,
        },
        epoch,
    })
}

fn led_by_bot(epoch: u64) -> Change {
    Change::OwnerSet(OwnerView {
        owner: Owner::Bot,
        epoch,
    })
}

/// One decision on a claimed dialog: handles its rows, makes `changes`, asks for `acts`.
fn decided(claimed: &Claimed, changes: &[Change], acts: &[(Action, Option<TextRef>)]) -> Commit {
    let (seq, at) = (claimed.state.seq + 1, claimed.state.last_at.max(T));
    let state = claimed.state.clone().fold([(seq, at, changes)]);
    Commit {
        lease: claimed.lease.clone(),
        account_epoch: 0,
        journal: vec![JournalRow {
            seq,
            at,
            policy_version: 1,
            core_version: "test".to_owned(),
            event: "{}".to_owned(),
            changes: serde_json::to_string(changes).unwrap(),
            actions: "[]".to_owned(),
            trace: "[]".to_owned(),
        }],
        acts: acts
            .iter()
            .enumerate()
            .map(|(index, (action, text))| NewAct {
                key: ActionKey::new(&state.id, seq, index),
                action: action.clone(),
                text: *text,
            })
            .collect(),
        consumed: claimed.rows.iter().map(|row| row.id).collect(),
        parked: Vec::new(),
        release: true,
        state,
    }
}

fn keys(claimed: &Claimed) -> Vec<String> {
    let rows = claimed.rows.iter();
    rows.map(|row| row.row.dedup_key.clone()).collect()
}

async fn claim(store: &Arc<dyn Store>, now: i64) -> Claimed {
    store.claim(now).await.unwrap().expect("a dialog is ready")
}

async fn nothing_to_claim(store: &Arc<dyn Store>, now: i64) {
    let claimed = store.claim(now).await.unwrap();
    assert!(claimed.is_none(), "unexpected work: {claimed:?}");
}

async fn ingest(store: &Arc<dyn Store>, rows: Vec<NewRow>) -> Vec<bool> {
    store.ingest(rows).await.unwrap()
}

/// A dialog that came to be by one event with `changes`, and asked for `acts`.
pub(super) async fn begun(
    store: &Arc<dyn Store>,
    account: AccountId,
    name: &str,
    changes: &[Change],
    acts: &[(Action, Option<TextRef>)],
) {
    ingest(
        store,
        vec![row(account, name, &format!("first of {name}"), T)],
    )
    .await;
    let claimed = store
        .lease(account, &dialog(name), T)
        .await
        .unwrap()
        .expect("free");
    store
        .commit(decided(&claimed, changes, acts))
        .await
        .unwrap();
}

/// One more event of a dialog.
async fn goes_on(
    store: &Arc<dyn Store>,
    name: &str,
    changes: &[Change],
    acts: &[(Action, Option<TextRef>)],
) {
    let claimed = store
        .lease(ONE, &dialog(name), T)
        .await
        .unwrap()
        .expect("free");
    store
        .commit(decided(&claimed, changes, acts))
        .await
        .unwrap();
}

/// A dialog has the CRM read, and that finds the contact of a phone.
async fn contact_is_found(
    store: &Arc<dyn Store>,
    account: AccountId,
    name: &str,
    (phone, contact): (&str, ContactId),
) {
    let decide = async |acts: &[(Action, Option<TextRef>)]| {
        let claimed = store.lease(account, &dialog(name), T).await.unwrap();
        let decided = decided(&claimed.expect("free"), &[], acts);
        store.commit(decided).await.unwrap();
    };
    decide(&[(Action::ReadCrm, None)]).await;
    let claimed = claim_one(store, wanted(account, Lane::Read), T).await;
    let Some(ActClaim::Run(read)) = claimed.unwrap() else {
        panic!("it runs")
    };
    store.put_contact(&read, phone, contact).await.unwrap();
    finish(store, &read, None).await;
    decide(&[]).await;
}

/// The next action of any account and lane; no limits hold.
async fn claim_any(store: &Arc<dyn Store>, now: i64) -> Result<Option<ActClaim>, StoreError> {
    for account in [ONE, TWO] {
        for lane in Lane::ALL {
            let claimed = claim_one(store, wanted(account, lane), now).await?;
            if claimed.is_some() {
                return Ok(claimed);
            }
        }
    }
    Ok(None)
}

async fn claim_one(
    store: &Arc<dyn Store>,
    wanted: Wanted,
    now: i64,
) -> Result<Option<ActClaim>, StoreError> {
    Ok(store.claim_acts(wanted, 1, now).await?.pop())
}

fn wanted(account: AccountId, lane: Lane) -> Wanted {
    Wanted {
        account,
        lane,
        limited: false,
    }
}

async fn run_next(store: &Arc<dyn Store>, now: i64) -> ClaimedAct {
    match claim_any(store, now).await.unwrap() {
        Some(ActClaim::Run(act)) => *act,
        other => panic!("expected an action to run, got {other:?}"),
    }
}

async fn refused_next(store: &Arc<dyn Store>, now: i64) -> ClaimedAct {
    match claim_any(store, now).await.unwrap() {
        Some(ActClaim::Refused(act)) => *act,
        other => panic!("expected a refused action, got {other:?}"),
    }
}

async fn nothing_to_run(store: &Arc<dyn Store>, now: i64) {
    let claimed = claim_any(store, now).await.unwrap();
    assert!(claimed.is_none(), "unexpected action: {claimed:?}");
}

fn result_of(act: &ClaimedAct, at: i64) -> NewRow {
    NewRow {
        account: act.account,
        dialog: Some(act.dialog.clone()),
        conversation: None,
        source: Source::Act,
        dedup_key: act.key.0.clone(),
        body: b"result".to_vec(),
        at,
    }
}

fn over(act: &ClaimedAct, message: Option<&str>, at: i64) -> Finish {
    Finish::Over {
        result: result_of(act, at),
        message: message.map(MessageId::from),
    }
}

async fn finish(store: &Arc<dyn Store>, act: &ClaimedAct, message: Option<&str>) {
    let end = over(act, message, T);
    store.finish_act(act, end).await.unwrap();
}

async fn echo(
    store: &Arc<dyn Store>,
    source: Source,
    message: Option<&str>,
    by_text: Option<&str>,
    now: i64,
) -> Echo {
    let message = message.map(MessageId::from);
    store
        .echo(ONE, &dialog("a"), source, message.as_ref(), by_text, now)
        .await
        .unwrap()
}

fn key(name: &str, seq: u64, index: usize) -> ActionKey {
    ActionKey::new(&dialog(name), seq, index)
}

// ---------------------------------------------------------------- inbox

pub(super) async fn promise_2_nothing_lost_an_acknowledged_row_is_there_after_a_crash<B: Bench>() {
    let mut bench = B::start().await;
    ingest(&bench.store(), vec![row(ONE, "a", "m1", T)]).await;
    bench.crash().await;
    let claimed = claim(&bench.store(), T).await;
    assert_eq!(claimed.rows[0].row, row(ONE, "a", "m1", T));
}

pub(super) async fn promise_3_nothing_twice_a_duplicate_is_not_stored_even_after_the_row_is_handled<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let twice = vec![row(ONE, "a", "m1", T), row(ONE, "a", "m1", T + 1)];
    assert_eq!(ingest(&store, twice).await, [true, false]);
    let claimed = claim(&store, T).await;
    assert_eq!(keys(&claimed), ["m1"]);
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    assert_eq!(ingest(&store, vec![row(ONE, "a", "m1", T)]).await, [false]);
    nothing_to_claim(&store, T + HOUR).await;
}

pub(super) async fn the_same_key_of_another_source_or_account_is_no_duplicate<B: Bench>() {
    let bench = B::start().await;
    let other_source = NewRow {
        source: Source::Amocrm,
        ..row(ONE, "a", "k", T)
    };
    let rows = vec![row(ONE, "a", "k", T), other_source, row(TWO, "a", "k", T)];
    assert_eq!(ingest(&bench.store(), rows).await, [true, true, true]);
}

pub(super) async fn what_nothing_follows_from_is_kept_and_wakes_nobody<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    assert!(store.file(row(ONE, "a", "read", T)).await.unwrap());
    assert!(!store.file(row(ONE, "a", "read", T)).await.unwrap());
    assert_eq!(
        ingest(&store, vec![row(ONE, "a", "read", T)]).await,
        [false]
    );
    let unrouted = NewRow {
        dialog: None,
        conversation: None,
        ..row(ONE, "a", "conversation", T)
    };
    assert!(store.file(unrouted).await.unwrap());
    assert_eq!(store.unrouted(10).await.unwrap(), []);
    nothing_to_claim(&store, T + HOUR).await;
    // Nor does a dialog get it that comes to be for another reason.
    ingest(&store, vec![row(ONE, "a", "m1", T)]).await;
    assert_eq!(keys(&claim(&store, T).await), ["m1"]);
}

pub(super) async fn rows_of_a_dialog_come_in_the_order_of_arrival<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    // The second to arrive is the older one by its own time.
    ingest(&store, vec![row(ONE, "a", "first", T + 5)]).await;
    ingest(&store, vec![row(ONE, "a", "second", T)]).await;
    let claimed = claim(&store, T + 5).await;
    assert_eq!(keys(&claimed), ["first", "second"]);
    assert!(claimed.rows[0].id < claimed.rows[1].id);
}

pub(super) async fn the_dialog_that_has_been_ready_longest_is_claimed_first<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(&store, vec![row(ONE, "late", "m1", T + 9)]).await;
    ingest(&store, vec![row(ONE, "early", "m2", T + 2)]).await;
    nothing_to_claim(&store, T + 1).await;
    assert_eq!(claim(&store, T + 9).await.lease.dialog, dialog("early"));
    assert_eq!(claim(&store, T + 9).await.lease.dialog, dialog("late"));
    nothing_to_claim(&store, T + 9).await;
}

pub(super) async fn a_claim_tells_of_another_dialog_and_a_commit_when_it_is_ready_again<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(&store, vec![row(ONE, "a", "a1", T)]).await;
    ingest(&store, vec![row(ONE, "b", "b1", T + 1)]).await;
    ingest(&store, vec![row(TWO, "c", "c1", T + 9)]).await;
    let first = claim(&store, T + 1).await;
    assert!(first.another_is_ready, "b waits");
    let second = claim(&store, T + 1).await;
    assert!(
        !second.another_is_ready,
        "a is leased, and c's time has not come"
    );

    ingest(&store, vec![row(ONE, "a", "a2", T + 2)]).await;
    let ready_at = store.commit(decided(&first, &[], &[])).await.unwrap();
    assert_eq!(ready_at, Some(T + 2), "what came while it was leased");
    let nothing = store.commit(decided(&second, &[], &[])).await.unwrap();
    assert_eq!(nothing, None);
}

pub(super) async fn a_claim_takes_at_most_fifty_rows_and_the_rest_stays_ready<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let rows = (0..60).map(|n| row(ONE, "a", &format!("m{n}"), T));
    ingest(&store, rows.collect()).await;
    let claimed = claim(&store, T).await;
    assert_eq!(claimed.rows.len(), 50);
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    let claimed = claim(&store, T).await;
    assert_eq!(keys(&claimed).first().unwrap(), "m50");
    assert_eq!(claimed.rows.len(), 10);
}

pub(super) async fn promise_2_nothing_lost_of_200_concurrent_ingests<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(&store, vec![row(ONE, "a", "before", T)]).await;
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let store = bench.store();
        // Every fourth comes twice; every tenth names no dialog that could be made, and is refused.
        let mut row = row(
            ONE,
            &format!("d{}", n % 20),
            &format!("m{}", n - n % 4 / 3),
            T,
        );
        if n % 10 == 0 {
            row.dialog = Some(dialog("nowhere"));
            row.conversation = None;
            row.dedup_key = format!("nowhere{n}");
        }
        tasks.spawn(async move { (row.dedup_key.clone(), store.ingest(vec![row]).await) });
    }
    let (mut new, mut keys_new, mut keys_refused) = (0, BTreeSet::new(), BTreeSet::new());
    while let Some(done) = tasks.join_next().await {
        match done.unwrap() {
            (key, Ok(fresh)) => {
                new += usize::from(fresh[0]);
                keys_new.insert(key);
            }
            (key, Err(StoreError::Database(_))) => {
                keys_refused.insert(key);
            }
            (key, other) => panic!("{key}: {other:?}"),
        }
    }
    assert_eq!(keys_refused.len(), 20);
    let again = row(ONE, "d0", "nowhere0", T);
    assert_eq!(
        ingest(&store, vec![again]).await,
        [true],
        "what is refused leaves nothing"
    );
    keys_new.insert("nowhere0".to_owned());
    new += 1;
    assert_eq!(new, keys_new.len(), "each key is new exactly once");
    let mut handled = BTreeSet::new();
    while let Some(claimed) = store.claim(T).await.unwrap() {
        handled.extend(keys(&claimed));
        store.commit(decided(&claimed, &[], &[])).await.unwrap();
    }
    assert!(handled.remove("before"));
    assert_eq!(handled, keys_new, "the acknowledged ones and no other");
}

pub(super) async fn a_row_without_a_dialog_is_replaced_by_rows_that_have_one<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[]).await;
    begun(&store, ONE, "b", &[], &[]).await;
    ingest(&store, vec![unrouted("h1", T), unrouted("h2", T)]).await;
    nothing_to_claim(&store, T + HOUR).await;
    let waiting = store.unrouted(10).await.unwrap();
    assert_eq!(waiting.len(), 2);
    assert_eq!(waiting[0].row, unrouted("h1", T));
    assert_eq!(store.unrouted(1).await.unwrap().len(), 1);

    // To two dialogs under the row's own key, and to none.
    let to = |name: &str| NewRow {
        dialog: Some(dialog(name)),
        ..unrouted("h1", T)
    };
    let both = vec![
        (waiting[0].id, vec![to("a"), to("b")]),
        (waiting[1].id, Vec::new()),
    ];
    store.route(both).await.unwrap();
    assert!(store.unrouted(10).await.unwrap().is_empty());
    assert_eq!(keys(&claim(&store, T).await), ["h1"]);
    assert_eq!(keys(&claim(&store, T).await), ["h1"]);
    nothing_to_claim(&store, T).await;

    let again = vec![unrouted("h1", T), unrouted("h2", T)];
    assert_eq!(ingest(&store, again).await, [false, false]);
    // Who comes too late with one changes none.
    ingest(&store, vec![unrouted("h3", T)]).await;
    let third = store.unrouted(10).await.unwrap()[0].id;
    let late = vec![(third, Vec::new()), (waiting[0].id, vec![to("a")])];
    let twice = store.route(late).await;
    assert!(matches!(twice, Err(StoreError::LeaseLost)), "{twice:?}");
    assert_eq!(store.unrouted(10).await.unwrap()[0].id, third);
}

// ---------------------------------------------------------------- lease, commit

pub(super) async fn a_dialog_is_leased_to_one_at_a_time<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let absent = store.lease(ONE, &dialog("a"), T).await;
    assert!(matches!(absent, Err(StoreError::LeaseLost)), "{absent:?}");
    ingest(&store, vec![row(ONE, "a", "m1", T)]).await;
    let first = claim(&store, T).await;
    assert_eq!(
        first.state,
        Dialog::new(dialog("a"), ONE, "thread of a".into())
    );
    nothing_to_claim(&store, T).await;
    assert!(store.lease(ONE, &dialog("a"), T).await.unwrap().is_none());
    store.release(&first.lease, &[], 0).await.unwrap();
    let second = store.lease(ONE, &dialog("a"), T).await.unwrap().unwrap();
    assert_eq!(keys(&second), ["m1"]);
    assert!(second.lease.token > first.lease.token);
}

pub(super) async fn a_claim_whose_caller_has_gone_is_given_back<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    ingest(&store, vec![row(ONE, "a", "m1", T)]).await;
    drop_after_a_step(store.claim(T)).await;
    drop_after_a_step(store.lease(ONE, &dialog("a"), T)).await;
    drop_after_a_step(store.claim_acts(wanted(ONE, Lane::Send), 1, T)).await;
    let (mut claimed, mut act) = (None, None);
    for _ in 0..1_000 {
        if claimed.is_none() {
            claimed = store.claim(T).await.unwrap();
        }
        if act.is_none() {
            act = claim_any(&store, T).await.unwrap();
        }
    }
    assert_eq!(keys(&claimed.expect("the dialog is free")), ["m1"]);
    assert!(matches!(act, Some(ActClaim::Run(_))), "{act:?}");
}

/// Begins a call and goes away, as a request does whose client hangs up.
async fn drop_after_a_step(call: impl Future) {
    let mut call = pin!(call);
    let is_over = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
    assert!(!is_over, "the call was too quick to be dropped");
}

pub(super) async fn a_commit_under_a_stale_token_changes_nothing<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(&store, vec![row(ONE, "a", "m1", T)]).await;
    let stale = claim(&store, T).await;
    store.release(&stale.lease, &[], 0).await.unwrap();
    let current = claim(&store, T).await;

    let late = decided(&stale, &[led_by_manager(1)], &[(Action::ReadCrm, None)]);
    let bounced = store.commit(late).await;
    assert!(matches!(bounced, Err(StoreError::LeaseLost)), "{bounced:?}");
    let bounced = store.release(&stale.lease, &[], 0).await;
    assert!(matches!(bounced, Err(StoreError::LeaseLost)), "{bounced:?}");
    nothing_to_run(&store, T).await;
    assert_eq!(
        store.dialog(ONE, &dialog("a")).await.unwrap().unwrap().seq,
        0
    );

    store.commit(decided(&current, &[], &[])).await.unwrap();
    let over = store.commit(decided(&current, &[], &[])).await;
    assert!(matches!(over, Err(StoreError::LeaseLost)), "{over:?}");
}

pub(super) async fn a_lease_may_be_kept_over_several_commits<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(&store, vec![row(ONE, "a", "m1", T)]).await;
    let mut claimed = claim(&store, T).await;
    let kept = Commit {
        release: false,
        ..decided(&claimed, &[], &[])
    };
    claimed.state = kept.state.clone();
    claimed.rows.clear();
    store.commit(kept).await.unwrap();
    assert!(store.lease(ONE, &dialog("a"), T).await.unwrap().is_none());
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    assert_eq!(
        store.dialog(ONE, &dialog("a")).await.unwrap().unwrap().seq,
        2
    );
}

pub(super) async fn promise_2_nothing_lost_a_commit_that_fails_leaves_all_as_it_was<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(Action::ReadCrm, None)]).await;
    let act = run_next(&store, T).await;
    ingest(&store, vec![row(ONE, "a", "m1", T), row(ONE, "b", "m2", T)]).await;
    let before = store.dialog(ONE, &dialog("a")).await.unwrap();
    let claimed = store.lease(ONE, &dialog("a"), T).await.unwrap().unwrap();
    let foreign_row = claim(&store, T).await.rows[0].id;
    let arm = Change::TimerArmed {
        timer: Timer::Burst,
        due: T,
        generation: 1,
    };
    let good = decided(
        &claimed,
        &[led_by_manager(1), arm],
        &[(question("t"), None)],
    );

    let mut gap = good.clone();
    gap.journal[0].seq += 1;
    let mut other_state = good.clone();
    other_state.state.id = dialog("b");
    let mut unlike_its_journal = good.clone();
    unlike_its_journal.state.seq += 1;
    let mut known_key = good.clone();
    known_key.acts.push(NewAct {
        key: act.key.clone(),
        action: Action::ReadCrm,
        text: None,
    });
    let mut row_of_another = good.clone();
    row_of_another.consumed.push(foreign_row);
    for bad in [
        gap,
        other_state,
        unlike_its_journal,
        known_key,
        row_of_another,
    ] {
        let failed = store.commit(bad).await;
        let refused = matches!(
            failed,
            Err(StoreError::Refused(_) | StoreError::Database(_))
        );
        assert!(refused, "{failed:?}");
        assert_eq!(store.dialog(ONE, &dialog("a")).await.unwrap(), before);
        assert_eq!(bench.journal(ONE, &dialog("a")).await.len(), 1);
        nothing_to_run(&store, T).await;
    }

    store.release(&claimed.lease, &[], 0).await.unwrap();
    let claimed = store.lease(ONE, &dialog("a"), T).await.unwrap().unwrap();
    assert_eq!(keys(&claimed), ["m1"], "the row waits still");
    assert!(claimed.due.is_empty(), "no timer was armed");
    let lease = claimed.lease.clone();
    store.commit(Commit { lease, ..good }).await.unwrap();
}

pub(super) async fn promise_7_replayable_the_state_is_the_fold_of_the_journal<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let arm = |generation, due| Change::TimerArmed {
        timer: Timer::AutoReturn,
        due,
        generation,
    };
    begun(
        &store,
        ONE,
        "a",
        &[Change::EpisodeOpened { at: T }, arm(1, T)],
        &[],
    )
    .await;
    goes_on(&store, "a", &[waiting(1), arm(2, T + 5)], &[]).await;
    let bound = Change::Bound {
        contact: Some(ContactId(3)),
        deal: Some(DealId(4)),
    };
    goes_on(&store, "a", &[led_by_manager(2), bound], &[]).await;
    bench.crash().await;

    let stored = bench
        .store()
        .dialog(ONE, &dialog("a"))
        .await
        .unwrap()
        .unwrap();
    let journal: Vec<(u64, i64, Vec<Change>)> = bench
        .journal(ONE, &dialog("a"))
        .await
        .into_iter()
        .map(|(seq, at, changes)| (seq, at, serde_json::from_str(&changes).unwrap()))
        .collect();
    let new = Dialog::new(dialog("a"), ONE, "thread of a".into());
    let folded = new.fold(
        journal
            .iter()
            .map(|(seq, at, changes)| (*seq, *at, &changes[..])),
    );
    assert_eq!(stored, folded);
    assert_eq!(stored.seq, 3);
    assert_eq!(stored.view.epoch, 2);
}

pub(super) async fn promise_7_replayable_all_journals_are_read_beside_the_running_store<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    for name in ["c", "a", "b"] {
        begun(&store, ONE, name, &[waiting(1)], &[]).await;
    }
    begun(&store, TWO, "a", &[waiting(1)], &[]).await;
    // A dialog that nothing was decided on has no journal.
    ingest(&store, vec![row(ONE, "d", "m1", T)]).await;
    let history = bench.history().await;
    // Decided after the journals were opened.
    goes_on(&store, "b", &[led_by_manager(2)], &[]).await;

    let all = Scope {
        account: None,
        since: i64::MIN,
    };
    let names = |page: &[Recorded]| -> Vec<(AccountId, String)> {
        page.iter()
            .map(|found| (found.account, found.dialog.0.clone()))
            .collect()
    };
    let expected = [(ONE, "a"), (ONE, "b"), (ONE, "c"), (TWO, "a")]
        .map(|(account, name)| (account, name.to_owned()));
    let first = history.dialogs(all, None, 3).await.unwrap();
    let rest = history.dialogs(all, first.last(), 3).await.unwrap();
    assert_eq!([names(&first), names(&rest)].concat(), expected);
    assert_eq!(history.dialogs(all, rest.last(), 3).await.unwrap(), []);
    assert_eq!(history.count(all).await.unwrap(), 4);

    let of_two = Scope {
        account: Some(TWO),
        since: T,
    };
    assert_eq!(history.count(of_two).await.unwrap(), 1);
    let found = history.dialogs(of_two, None, 9).await.unwrap();
    assert_eq!(names(&found), expected[3..]);
    let later = Scope {
        account: None,
        since: T + 1,
    };
    assert_eq!(history.count(later).await.unwrap(), 0);
    assert_eq!(history.dialogs(later, None, 9).await.unwrap(), []);

    assert_eq!(first[1].conversation, "thread of b".into());
    let rows = history.rows(&first[1]).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.seq, &row.changes)).collect();
    let changes = |change| serde_json::to_string(&[change]).unwrap();
    let (one, two) = (changes(waiting(1)), changes(led_by_manager(2)));
    assert_eq!(rows, [(1, &one), (2, &two)]);
}

pub(super) async fn a_lease_ends_with_its_process<B: Bench>() {
    let mut bench = B::start().await;
    ingest(&bench.store(), vec![row(ONE, "a", "m1", T)]).await;
    let before = claim(&bench.store(), T).await;
    bench.crash().await;
    let store = bench.store();
    let after = claim(&store, T).await;
    assert_eq!(keys(&after), ["m1"]);
    assert!(after.lease.token > before.lease.token);
    let late = store.commit(decided(&before, &[], &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

pub(super) async fn timers_are_those_of_the_state_and_come_when_due<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let arm = |timer, due, generation| Change::TimerArmed {
        timer,
        due,
        generation,
    };
    let two = [
        arm(Timer::AutoReturn, T + 20, 1),
        arm(Timer::Burst, T + 10, 2),
        arm(Timer::EpisodeIdle, T + HOUR, 3),
    ];
    begun(&store, ONE, "a", &two, &[]).await;
    nothing_to_claim(&store, T + 9).await;
    let claimed = claim(&store, T + 20).await;
    assert!(claimed.rows.is_empty());
    let due: Vec<_> = claimed
        .due
        .iter()
        .map(|d| (d.timer, d.due, d.generation))
        .collect();
    assert_eq!(
        due,
        [(Timer::Burst, T + 10, 2), (Timer::AutoReturn, T + 20, 1)]
    );
    let changes = [
        Change::TimerCancelled {
            timer: Timer::Burst,
        },
        arm(Timer::AutoReturn, T + 30, 4),
    ];
    store
        .commit(decided(&claimed, &changes, &[]))
        .await
        .unwrap();
    nothing_to_claim(&store, T + 29).await;
    let claimed = claim(&store, T + 30).await;
    assert_eq!(claimed.due.len(), 1);
    assert_eq!(claimed.due[0].generation, 4);
}

pub(super) async fn a_row_that_failed_three_times_is_kept_out_of_the_way<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(
        &store,
        vec![row(ONE, "a", "bad", T), row(ONE, "a", "good", T)],
    )
    .await;
    for tries in 0..3 {
        let claimed = claim(&store, T).await;
        assert_eq!(keys(&claimed), ["bad", "good"]);
        assert_eq!(claimed.rows[0].tries, tries);
        assert_eq!(claimed.rows[1].tries, 0);
        let bad = claimed.rows[0].id;
        let poison = store.release(&claimed.lease, &[bad], 0).await.unwrap();
        assert_eq!(poison, if tries == 2 { vec![bad] } else { vec![] });
    }
    let claimed = claim(&store, T).await;
    assert_eq!(keys(&claimed), ["good"]);
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    nothing_to_claim(&store, T + HOUR).await;
    assert_eq!(ingest(&store, vec![row(ONE, "a", "bad", T)]).await, [false]);
}

pub(super) async fn promise_2_nothing_lost_a_failed_row_waits_and_what_came_before_it_stands<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    ingest(
        &store,
        vec![row(ONE, "a", "bad", T), row(ONE, "a", "next", T)],
    )
    .await;
    let claimed = claim(&store, T).await;
    // Nothing came before it: the commit keeps the lease and changes nothing.
    let before = Commit {
        journal: Vec::new(),
        state: claimed.state.clone(),
        consumed: Vec::new(),
        release: false,
        ..decided(&claimed, &[], &[])
    };
    store.commit(before).await.unwrap();
    nothing_to_claim(&store, T).await;
    let bad = claimed.rows[0].id;
    let again_at = T + SECOND;
    let poison = store
        .release(&claimed.lease, &[bad], again_at)
        .await
        .unwrap();
    assert_eq!(poison, Vec::<i64>::new());
    nothing_to_claim(&store, again_at - 1).await;
    let claimed = claim(&store, again_at).await;
    assert_eq!(keys(&claimed), ["bad", "next"], "in their order");
    assert_eq!((claimed.rows[0].tries, claimed.rows[1].tries), (1, 0));
    assert_eq!(claimed.state.seq, 0);
    // A dialog put off without anything to do stays asleep.
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    let leased = store.lease(ONE, &dialog("a"), T).await.unwrap().unwrap();
    store.release(&leased.lease, &[], again_at).await.unwrap();
    nothing_to_claim(&store, T + HOUR).await;
}

pub(super) async fn dialogs_of_a_deal_are_found_by_it_newest_first<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let bind = |deal| Change::Bound {
        contact: None,
        deal: Some(DealId(deal)),
    };
    for (name, at) in [("a", T + 1), ("b", T + 3), ("c", T + 2)] {
        ingest(&store, vec![row(ONE, name, name, T)]).await;
        let mut claimed = claim(&store, T).await;
        claimed.state.last_at = at;
        store
            .commit(decided(&claimed, &[bind(7)], &[]))
            .await
            .unwrap();
    }
    begun(&store, TWO, "d", &[bind(7)], &[]).await;
    let found = store.dialogs_of_deal(ONE, DealId(7)).await.unwrap();
    let names: Vec<_> = found.iter().map(|dialog| dialog.id.0.as_str()).collect();
    assert_eq!(names, ["b", "c", "a"]);
    goes_on(&store, "b", &[bind(8)], &[]).await;
    assert_eq!(
        store.dialogs_of_deal(ONE, DealId(7)).await.unwrap().len(),
        2
    );
    assert_eq!(
        store.dialogs_of_deal(ONE, DealId(8)).await.unwrap().len(),
        1
    );
    assert!(
        store
            .dialogs_of_deal(ONE, DealId(9))
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn promise_6_separate_dialogs_that_wait_are_found_by_their_reason_in_their_account<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[waiting(1)], &[]).await;
    begun(&store, ONE, "b", &[led_by_manager(1)], &[]).await;
    begun(&store, ONE, "c", &[], &[]).await;
    begun(&store, TWO, "d", &[waiting(1)], &[]).await;
    let names = async |account, reason| {
        let found = store.waiting(account, reason).await.unwrap();
        found.into_iter().map(|d| d.id.0).collect::<Vec<_>>()
    };
    assert_eq!(names(ONE, Some(ReasonId::HumanRequest)).await, ["a"]);
    assert_eq!(names(TWO, Some(ReasonId::HumanRequest)).await, ["d"]);
    assert!(names(ONE, Some(ReasonId::BotUnavailable)).await.is_empty());
    assert_eq!(names(ONE, None).await, ["a"]);
}

// ---------------------------------------------------------------- outbox

pub(super) async fn actions_of_a_lane_run_one_after_the_other_and_lanes_beside_each_other<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let acts = [
        (answer(0), None),
        (answer(0), None),
        (owner_field(), None),
        (Action::CreateContact, None),
        (Action::ReadCrm, None),
        (question("t"), None),
    ];
    begun(&store, ONE, "a", &[], &acts).await;
    begun(&store, ONE, "b", &[], &[(answer(0), None)]).await;

    let mut running = Vec::new();
    for _ in 0..5 {
        running.push(run_next(&store, T).await);
    }
    nothing_to_run(&store, T).await;
    let claimed: Vec<_> = running.iter().map(|act| act.key.0.as_str()).collect();
    assert_eq!(claimed, ["a/1/0", "b/1/0", "a/1/4", "a/1/2", "a/1/5"]);

    finish(&store, &running[3], None).await;
    let next = run_next(&store, T).await;
    assert_eq!(next.key, key("a", 1, 3));
    assert_eq!(next.action, Action::CreateContact);
    assert_eq!(
        (next.tries, next.phase, next.created_at),
        (0, Phase::Call, T)
    );
    nothing_to_run(&store, T).await;
    finish(&store, &running[0], Some("p1")).await;
    assert_eq!(run_next(&store, T).await.key, key("a", 1, 1));
}

pub(super) async fn an_action_to_be_tried_again_keeps_its_lane_and_waits_its_time<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(
        &store,
        ONE,
        "a",
        &[],
        &[(answer(0), None), (answer(0), None)],
    )
    .await;
    let first = run_next(&store, T).await;
    let again = |phase, not_before| Finish::Again {
        phase,
        not_before,
        why: Again::Failing { at: T },
    };
    store
        .finish_act(&first, again(Phase::Call, T + 10))
        .await
        .unwrap();
    nothing_to_run(&store, T + 9).await;
    let second = run_next(&store, T + 10).await;
    assert_eq!(second.key, first.key);
    assert_eq!((second.tries, second.claimed_at), (1, T + 10));

    let stale = store.finish_act(&first, again(Phase::Call, T)).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost)), "{stale:?}");
    let stale = store.finish_act(&first, over(&first, None, T)).await;
    assert!(matches!(stale, Err(StoreError::LeaseLost)), "{stale:?}");
    nothing_to_claim(&store, T + HOUR).await;

    store
        .finish_act(&second, again(Phase::Check(0), T + 15))
        .await
        .unwrap();
    nothing_to_run(&store, T + 14).await;
    let check = run_next(&store, T + 15).await;
    assert_eq!(
        (check.key.clone(), check.phase),
        (first.key.clone(), Phase::Check(0))
    );
    assert_eq!((check.tries, check.claimed_at), (2, T + 10), "of the call");
    store
        .finish_act(&check, again(Phase::Check(1), T + 25))
        .await
        .unwrap();
    let check = run_next(&store, T + 25).await;
    assert_eq!((check.phase, check.tries), (Phase::Check(1), 2));
    finish(&store, &check, Some("p1")).await;
    assert_eq!(run_next(&store, T + 25).await.key, key("a", 1, 1));
}

pub(super) async fn promise_2_nothing_lost_the_result_of_an_action_comes_through_the_inbox_once<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(Action::ReadCrm, None)]).await;
    nothing_to_claim(&store, T + HOUR).await;
    let act = run_next(&store, T).await;
    store
        .finish_act(&act, over(&act, None, T + 3))
        .await
        .unwrap();
    let twice = store.finish_act(&act, over(&act, None, T + 3)).await;
    assert!(matches!(twice, Err(StoreError::LeaseLost)), "{twice:?}");
    let claimed = claim(&store, T + 3).await;
    assert_eq!(claimed.rows.len(), 1);
    assert_eq!(claimed.rows[0].row, result_of(&act, T + 3));
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    nothing_to_claim(&store, T + HOUR).await;
    nothing_to_run(&store, T + HOUR).await;
}

pub(super) async fn promise_1_one_voice_a_send_of_an_older_epoch_is_refused<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let acts = [(answer(0), None), (send(SendKind::Ack, 0), None)];
    begun(&store, ONE, "a", &[], &acts).await;
    // Taken, and given back before the send was claimed: the bot leads again, under another epoch.
    goes_on(&store, "a", &[led_by_manager(1)], &[]).await;
    goes_on(&store, "a", &[led_by_bot(2)], &[(answer(2), None)]).await;
    for index in 0..2 {
        let refused = refused_next(&store, T).await;
        assert_eq!(refused.key, key("a", 1, index));
        assert_eq!(
            echo(&store, Source::Pact, None, None, T).await,
            Echo::Foreign,
            "nothing of ours is expected to echo"
        );
        finish(&store, &refused, None).await;
    }
    assert_eq!(claim(&store, T).await.rows.len(), 2, "both are reported");
    assert_eq!(run_next(&store, T).await.key, key("a", 3, 0));
}

pub(super) async fn promise_1_one_voice_each_kind_of_send_leaves_only_under_its_owners<B: Bench>() {
    use SendKind::{Ack, Answer, Clarify, Handoff, Hours, Intro};
    let bench = B::start().await;
    let store = bench.store();
    let owners = [
        ("bot", led_by_bot(5)),
        ("waiting", waiting(5)),
        ("manager", led_by_manager(5)),
    ];
    for kind in [Answer, Clarify, Intro, Handoff, Hours, Ack] {
        for (owner, changed) in &owners {
            let name = format!("{kind:?} in {owner}");
            begun(
                &store,
                ONE,
                &name,
                std::slice::from_ref(changed),
                &[(send(kind, 5), None)],
            )
            .await;
            let may_leave = match *owner {
                "bot" => true,
                "waiting" => matches!(kind, Handoff | Hours | Ack),
                _ => false,
            };
            let act = if may_leave {
                run_next(&store, T).await
            } else {
                refused_next(&store, T).await
            };
            assert_eq!(act.dialog, dialog(&name));
        }
    }
}

pub(super) async fn promise_1_one_voice_an_unsent_text_is_refused_after_the_accounts_mode_changed<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    put(&store, ON, Origin::File).await;
    begun(
        &store,
        ONE,
        "a",
        &[],
        &[(answer(0), None), (owner_field(), None)],
    )
    .await;
    begun(&store, TWO, "b", &[], &[(answer(0), None)]).await;
    put(&store, PEOPLE, Origin::Cli).await;
    assert_eq!(refused_next(&store, T).await.account, ONE);
    assert_eq!(run_next(&store, T).await.action, owner_field());
    assert_eq!(run_next(&store, T).await.account, TWO);
    goes_on(&store, "a", &[], &[(answer(0), None)]).await;
    assert_eq!(refused_next(&store, T).await.key, key("a", 2, 0));
    nothing_to_run(&store, T).await;
}

pub(super) async fn promise_1_one_voice_a_text_decided_under_the_mode_before_is_refused_however_late_it_is_committed<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    put(&store, ON, Origin::File).await;
    ingest(&store, vec![row(ONE, "a", "m1", T), row(ONE, "b", "m2", T)]).await;
    let decided_before = decided(&claim(&store, T).await, &[], &[(answer(0), None)]);
    put(&store, PEOPLE, Origin::File).await;
    store.commit(decided_before).await.unwrap();
    refused_next(&store, T).await;
    let decided_after = Commit {
        account_epoch: 1,
        ..decided(&claim(&store, T).await, &[], &[(answer(0), None)])
    };
    store.commit(decided_after).await.unwrap();
    assert_eq!(run_next(&store, T).await.dialog, dialog("b"));
}

pub(super) async fn a_check_is_not_fenced_for_the_text_may_have_left<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let act = run_next(&store, T).await;
    let check = Finish::Again {
        phase: Phase::Check(0),
        not_before: T,
        why: Again::Failing { at: T },
    };
    store.finish_act(&act, check).await.unwrap();
    goes_on(&store, "a", &[led_by_manager(1)], &[]).await;
    let check = run_next(&store, T).await;
    assert_eq!(check.phase, Phase::Check(0));
    let call = Finish::Again {
        phase: Phase::Call,
        not_before: T,
        why: Again::Failing { at: T },
    };
    store.finish_act(&check, call).await.unwrap();
    assert_eq!(refused_next(&store, T).await.key, act.key);
}

pub(super) async fn a_send_in_flight_is_seen_by_whoever_takes_the_dialog<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let name = dialog("a");
    begun(
        &store,
        ONE,
        "a",
        &[],
        &[(answer(0), None), (question("t"), None)],
    )
    .await;
    assert_eq!(store.send_in_flight(ONE, &name, 1).await.unwrap(), None);
    let act = run_next(&store, T).await;
    run_next(&store, T).await;
    assert_eq!(
        store.send_in_flight(ONE, &name, 1).await.unwrap(),
        Some(act.key.clone())
    );
    assert_eq!(store.send_in_flight(ONE, &name, 0).await.unwrap(), None);
    assert_eq!(store.send_in_flight(TWO, &name, 1).await.unwrap(), None);
    assert_eq!(
        store.send_in_flight(ONE, &dialog("b"), 1).await.unwrap(),
        None
    );
    let check = Finish::Again {
        phase: Phase::Check(0),
        not_before: T,
        why: Again::Failing { at: T },
    };
    store.finish_act(&act, check).await.unwrap();
    assert_eq!(
        store.send_in_flight(ONE, &name, 1).await.unwrap(),
        Some(act.key.clone()),
        "it may have left"
    );
    assert!(!store.has_left(ONE, &act.key).await.unwrap());
    let act = run_next(&store, T).await;
    finish(&store, &act, Some("p1")).await;
    assert_eq!(store.send_in_flight(ONE, &name, 1).await.unwrap(), None);
    assert!(store.has_left(ONE, &act.key).await.unwrap());
    assert!(!store.has_left(TWO, &act.key).await.unwrap());
}

pub(super) async fn promise_3_nothing_twice_after_a_crash_a_claimed_action_is_looked_for_first<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let acts = [
        (answer(0), None),
        (owner_field(), None),
        (Action::ReadCrm, None),
        (question("t"), None),
        (Action::CreateContact, None),
    ];
    begun(&store, ONE, "a", &[], &acts).await;
    begun(&store, ONE, "b", &[led_by_manager(1)], &[(answer(0), None)]).await;
    refused_next(&store, T).await;
    let before = run_next(&store, T).await;
    for _ in 0..3 {
        run_next(&store, T).await;
    }
    drop(store);
    bench.crash().await;

    let store = bench.store();
    let now = T + SECOND;
    store.recover().await.unwrap();
    let late = store
        .finish_act(&before, over(&before, Some("p1"), T))
        .await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    assert_eq!(refused_next(&store, now).await.dialog, dialog("b"));
    let mut found = Vec::new();
    for _ in 0..3 {
        let act = run_next(&store, now).await;
        found.push((act.key.0, act.phase, act.tries));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(
        found,
        [
            ("a/1/1".to_owned(), Phase::Check(0), 1),
            ("a/1/2".to_owned(), Phase::Call, 1),
            ("a/1/3".to_owned(), Phase::Call, 1),
        ]
    );
    nothing_to_run(&store, T + 5 * SECOND - 1).await;
    let send = run_next(&store, T + 5 * SECOND).await;
    assert_eq!(send.key, key("a", 1, 0));
    assert_eq!((send.phase, send.claimed_at), (Phase::Check(0), T));
    nothing_to_run(&store, T + HOUR).await;
    assert_eq!(
        echo(&store, Source::Pact, Some("p9"), None, T).await,
        Echo::Pending,
        "its echo is still expected"
    );
}

pub(super) async fn a_claim_brings_who_the_guest_is_and_what_carrying_an_action_out_needs<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let guest = Guest {
        phone: "79000000001".to_owned(),
        name: None,
        provider: "whatsapp".to_owned(),
    };
    begun(&store, ONE, "a", &[], &[(owner_field(), None)]).await;
    let field = run_next(&store, T).await;
    assert_eq!(field.at_hand.guest, None);
    assert_eq!(field.at_hand.words, None);
    finish(&store, &field, None).await;

    store.put_guest(ONE, &dialog("a"), &guest).await.unwrap();
    let text = store.put_text(ONE, &dialog("a"), "Да").await.unwrap();
    let claimed = claim(&store, T).await;
    assert_eq!(claimed.guest.as_ref(), Some(&guest));
    let acts = [(answer(0), Some(text)), (owner_field(), None)];
    let commit = decided(&claimed, &[], &acts);
    let state = commit.state.clone();
    store.commit(commit).await.unwrap();
    let send = run_next(&store, T).await;
    assert_eq!(send.at_hand.words.as_deref(), Some("Да"));
    let field = run_next(&store, T).await;
    assert_eq!(field.at_hand.words, None);
    for act in [send, field] {
        assert_eq!(act.at_hand.dialog, state);
        assert_eq!(act.at_hand.guest.as_ref(), Some(&guest));
    }
}

// ---------------------------------------------------------------- parking, echo

/// A dialog `a` with a send in flight and a row of it parked until 30 s later; another send waits.
pub(super) async fn with_a_parked_row(store: &Arc<dyn Store>, text: Option<TextRef>) -> ClaimedAct {
    let acts = [(answer(0), text), (answer(0), text), (owner_field(), None)];
    begun(store, ONE, "a", &[], &acts).await;
    let sending = run_next(store, T).await;
    ingest(store, vec![row(ONE, "a", "outgoing", T)]).await;
    let claimed = claim(store, T).await;
    let park = Commit {
        consumed: Vec::new(),
        parked: vec![(claimed.rows[0].id, T + 30 * SECOND)],
        ..decided(&claimed, &[], &[])
    };
    store.commit(park).await.unwrap();
    sending
}

pub(super) async fn a_parked_row_holds_back_the_sends_of_its_dialog_and_nothing_else<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let sending = with_a_parked_row(&store, None).await;
    begun(&store, ONE, "b", &[], &[(answer(0), None)]).await;

    // Another event of the dialog passes by.
    ingest(&store, vec![row(ONE, "a", "guest's", T + 1)]).await;
    let claimed = claim(&store, T + 1).await;
    assert_eq!(keys(&claimed), ["guest's"]);
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    nothing_to_claim(&store, T + 1).await;

    // A CRM write and another dialog's send go on, and so does the look for the text in flight.
    assert_eq!(run_next(&store, T).await.dialog, dialog("b"));
    assert_eq!(run_next(&store, T).await.action, owner_field());
    let check = Finish::Again {
        phase: Phase::Check(0),
        not_before: T,
        why: Again::Failing { at: T },
    };
    store.finish_act(&sending, check).await.unwrap();
    let check = run_next(&store, T).await;
    assert_eq!((&check.key, check.phase), (&sending.key, Phase::Check(0)));

    // Its end wakes the row; the next send waits until the row is handled.
    store
        .finish_act(&check, over(&check, Some("p1"), T + 2))
        .await
        .unwrap();
    nothing_to_run(&store, T + HOUR).await;
    let claimed = claim(&store, T + 2).await;
    assert_eq!(keys(&claimed), ["outgoing".to_owned(), check.key.0]);
    assert_eq!(claimed.rows[0].parked_until, None);
    nothing_to_run(&store, T + HOUR).await;
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    assert_eq!(run_next(&store, T + 2).await.key, key("a", 1, 1));
}

pub(super) async fn a_parked_row_survives_a_crash_and_comes_back_in_time<B: Bench>() {
    let mut bench = B::start().await;
    with_a_parked_row(&bench.store(), None).await;
    bench.crash().await;
    let store = bench.store();
    store.recover().await.unwrap();
    nothing_to_claim(&store, T + 30 * SECOND - 1).await;
    let claimed = claim(&store, T + 30 * SECOND).await;
    assert_eq!(keys(&claimed), ["outgoing"]);
    assert_eq!(claimed.rows[0].parked_until, Some(T + 30 * SECOND));
}

pub(super) async fn a_row_is_not_parked_for_a_send_that_has_ended_meanwhile<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let sending = run_next(&store, T).await;
    ingest(&store, vec![row(ONE, "a", "outgoing", T)]).await;
    let claimed = claim(&store, T).await;
    finish(&store, &sending, Some("p1")).await;
    let park = Commit {
        consumed: Vec::new(),
        parked: vec![(claimed.rows[0].id, T + 30 * SECOND)],
        ..decided(&claimed, &[], &[])
    };
    store.commit(park).await.unwrap();
    assert_eq!(claim(&store, T).await.rows[0].row.dedup_key, "outgoing");
}

pub(super) async fn an_echo_is_pending_until_the_send_has_its_id<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let foreign = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(foreign, Echo::Foreign);
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let foreign = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(foreign, Echo::Foreign, "not claimed yet");
    let act = run_next(&store, T).await;
    let pending = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(pending, Echo::Pending);
    let elsewhere = store
        .echo(ONE, &dialog("b"), Source::Pact, Some(&"p1".into()), None, T)
        .await
        .unwrap();
    assert_eq!(elsewhere, Echo::Foreign);
    finish(&store, &act, Some("p1")).await;
    for _ in 0..2 {
        let ours = echo(&store, Source::Pact, Some("p1"), None, T).await;
        assert_eq!(ours, Echo::Ours(act.key.clone()));
    }
    let foreign = echo(&store, Source::Pact, Some("p2"), None, T).await;
    assert_eq!(foreign, Echo::Foreign);
    let used = store.used_messages(ONE, &dialog("a")).await.unwrap();
    assert_eq!(used, [MessageId::from("p1")]);
    assert!(
        store
            .used_messages(TWO, &dialog("a"))
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn a_send_that_did_not_leave_is_expected_no_longer<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let act = run_next(&store, T).await;
    let again = Finish::Again {
        phase: Phase::Call,
        not_before: T + SECOND,
        why: Again::Failing { at: T },
    };
    store.finish_act(&act, again).await.unwrap();
    let foreign = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(foreign, Echo::Foreign);
    let act = run_next(&store, T + SECOND).await;
    let pending = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(pending, Echo::Pending);
    finish(&store, &act, None).await;
    let foreign = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(foreign, Echo::Foreign);
}

pub(super) async fn an_equal_text_is_ours_once_per_source_within_two_hours<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let name = dialog("a");
    let text = store
        .put_text(ONE, &name, "Ждём вас.\nДо встречи!")
        .await
        .unwrap();
    begun(&store, ONE, "a", &[], &[(answer(0), Some(text))]).await;
    let act = run_next(&store, T).await;
    assert_eq!(act.text, Some(text));
    let ours = Echo::Ours(act.key.clone());
    let seen = Some("  Ждём  вас. \r\nДо встречи!");

    let other = echo(&store, Source::Amocrm, None, Some("Ждём вас."), T).await;
    assert_eq!(other, Echo::Foreign, "by text nothing stays pending");
    assert_eq!(
        echo(&store, Source::Amocrm, Some("c1"), seen, T).await,
        ours
    );
    let again = echo(&store, Source::Amocrm, Some("c1"), seen, T).await;
    assert_eq!(again, ours, "looked at again after a crash");
    assert_eq!(
        echo(&store, Source::Amocrm, Some("c2"), seen, T).await,
        Echo::Foreign
    );
    assert_eq!(echo(&store, Source::Pact, Some("p1"), seen, T).await, ours);
    assert_eq!(
        echo(&store, Source::Pact, Some("p2"), seen, T).await,
        Echo::Foreign
    );
    finish(&store, &act, Some("p1")).await;
    assert_eq!(echo(&store, Source::Pact, Some("p1"), None, T).await, ours);

    // A match by id counts; the newest of equal texts matches first; after two hours none does.
    goes_on(&store, "a", &[], &[(answer(0), Some(text))]).await;
    let second = run_next(&store, T).await;
    finish(&store, &second, Some("p2")).await;
    let ours = Echo::Ours(second.key.clone());
    assert_eq!(echo(&store, Source::Pact, Some("p2"), None, T).await, ours);
    assert_eq!(
        echo(&store, Source::Pact, Some("p3"), seen, T).await,
        Echo::Foreign
    );
    let late = T + 2 * HOUR;
    assert_eq!(
        echo(&store, Source::Amocrm, None, seen, late + 1).await,
        Echo::Foreign
    );
    assert_eq!(echo(&store, Source::Amocrm, None, seen, late).await, ours);
}

// ---------------------------------------------------------------- texts, small things

pub(super) async fn the_same_text_of_a_dialog_keeps_its_reference<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let (a, b) = (dialog("a"), dialog("b"));
    let hello = store.put_text(ONE, &a, "Здравствуйте").await.unwrap();
    assert_eq!(
        store.put_text(ONE, &a, "Здравствуйте").await.unwrap(),
        hello
    );
    let spaced = store.put_text(ONE, &a, "Здравствуйте ").await.unwrap();
    let elsewhere = store.put_text(ONE, &b, "Здравствуйте").await.unwrap();
    assert_eq!(BTreeSet::from([hello, spaced, elsewhere]).len(), 3);
    drop(store);
    bench.crash().await;
    let store = bench.store();
    assert_eq!(
        store.put_text(ONE, &a, "Здравствуйте").await.unwrap(),
        hello
    );
    let unknown = TextRef(i64::MAX);
    let texts = store.texts(ONE, &[spaced, unknown, hello]).await.unwrap();
    let expected = [Some("Здравствуйте "), None, Some("Здравствуйте")];
    assert_eq!(texts, expected.map(|text| text.map(str::to_owned)));
}

pub(super) async fn one_text_put_at_once_from_many_sides_has_one_reference<B: Bench>() {
    let bench = B::start().await;
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let store = bench.store();
        tasks.spawn(async move { store.put_text(ONE, &dialog("a"), "да").await.unwrap() });
    }
    let refs: BTreeSet<TextRef> = tasks.join_all().await.into_iter().collect();
    assert_eq!(refs.len(), 1);
}

pub(super) async fn a_guest_and_a_contact_are_remembered<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let name = dialog("a");
    let guest = |name: Option<&str>| Guest {
        phone: "79000000001".to_owned(),
        name: name.map(str::to_owned),
        provider: "whatsapp".to_owned(),
    };
    let nowhere = store.put_guest(ONE, &name, &guest(None)).await;
    assert!(
        matches!(nowhere, Err(StoreError::Database(_))),
        "{nowhere:?}"
    );
    begun(&store, ONE, "a", &[], &[]).await;
    assert_eq!(store.guest(ONE, &name).await.unwrap(), None);
    store.put_guest(ONE, &name, &guest(None)).await.unwrap();
    store
        .put_guest(ONE, &name, &guest(Some("Анна")))
        .await
        .unwrap();
    assert_eq!(store.contact(ONE, "79000000001").await.unwrap(), None);
    for contact in [5, 6] {
        contact_is_found(&store, ONE, "a", ("79000000001", ContactId(contact))).await;
    }
    drop(store);
    bench.crash().await;
    let store = bench.store();
    assert_eq!(
        store.guest(ONE, &name).await.unwrap(),
        Some(guest(Some("Анна")))
    );
    assert_eq!(
        store.contact(ONE, "79000000001").await.unwrap(),
        Some(ContactId(6))
    );
    assert_eq!(store.contact(ONE, "79000000002").await.unwrap(), None);
}

pub(super) async fn a_one_time_token_is_used_once_and_forgotten_in_time<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert!(store.use_once(ONE, "t", T + 10, T).await.unwrap());
    assert!(!store.use_once(ONE, "t", T + 10, T).await.unwrap());
    assert!(store.use_once(ONE, "u", T + 10, T).await.unwrap());
    assert!(store.use_once(TWO, "t", T + 10, T).await.unwrap());
    drop(store);
    bench.crash().await;
    let store = bench.store();
    assert!(!store.use_once(ONE, "t", T + 10, T + 10).await.unwrap());
    assert!(store.use_once(ONE, "t", T + 20, T + 11).await.unwrap());
}

// ---------------------------------------------------------------- policies

/// A policy, as far as a store reads it.
const ON: &str = "# for all\nmode = \"on\"\n";
const ON_TOO: &str = "mode = \"on\" # as before\n";
const PEOPLE: &str = "mode = \"people\"\n";

async fn put(store: &Arc<dyn Store>, toml: &str, origin: Origin) -> i64 {
    store.put_policy(ONE, toml, origin, T).await.unwrap()
}

async fn newest(store: &Arc<dyn Store>) -> StoredPolicy {
    store.policy(ONE, None).await.unwrap().expect("a version")
}

pub(super) async fn a_policy_gets_a_version_when_it_changes<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    for origin in [Origin::Cli, Origin::Api] {
        let before = put(&store, ON, origin).await;
        assert_eq!(put(&store, ON, origin).await, before);
        assert_eq!(put(&store, PEOPLE, origin).await, before + 1);
        assert_eq!(put(&store, ON, origin).await, before + 2);
    }
    let of_two = store.put_policy(TWO, PEOPLE, Origin::Cli, T).await.unwrap();
    assert_eq!(of_two, 1);
}

pub(super) async fn what_was_changed_by_hand_is_not_undone_by_a_file_that_did_not_change<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    assert_eq!(put(&store, ON, Origin::File).await, 1);
    assert_eq!(put(&store, PEOPLE, Origin::Cli).await, 2);
    assert_eq!(put(&store, ON, Origin::File).await, 2, "a restart");
    assert_eq!(newest(&store).await.toml, PEOPLE);
    assert_eq!(put(&store, PEOPLE, Origin::File).await, 3, "it changed");
    assert_eq!(put(&store, PEOPLE, Origin::File).await, 3);
    assert_eq!(put(&store, ON, Origin::File).await, 4);
}

async fn put_default(store: &Arc<dyn Store>, toml: &str, edition: i64) -> i64 {
    store.put_default(ONE, toml, edition, T).await.unwrap()
}

pub(super) async fn the_default_policy_gives_way_to_any_other<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    assert_eq!(put_default(&store, ON, 1).await, 1);
    assert_eq!(put_default(&store, ON, 1).await, 1);
    assert_eq!(put_default(&store, ON_TOO, 2).await, 2, "an upgrade");
    assert_eq!(put(&store, PEOPLE, Origin::Cli).await, 3);
    assert_eq!(put_default(&store, ON, 3).await, 3);
    assert_eq!(put(&store, ON, Origin::File).await, 4);
    assert_eq!(put_default(&store, PEOPLE, 4).await, 4);
}

pub(super) async fn an_earlier_edition_of_the_default_policy_does_not_come_back<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    assert_eq!(put_default(&store, ON, 2).await, 1);
    assert_eq!(put_default(&store, ON_TOO, 1).await, 1, "an older version");
    assert_eq!(put_default(&store, ON_TOO, 2).await, 1, "one beside it");
    assert_eq!(newest(&store).await.toml, ON);
    // The later edition says what an earlier one said: it is the later one all the same.
    assert_eq!(put_default(&store, ON, 4).await, 1);
    assert_eq!(put_default(&store, ON_TOO, 3).await, 1);
    assert_eq!(put_default(&store, ON_TOO, 5).await, 2);
}

pub(super) async fn a_change_of_mode_raises_the_accounts_epoch_and_nothing_else_does<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    for (toml, epoch) in [(ON, 0), (ON_TOO, 0), (PEOPLE, 1), (PEOPLE, 1), (ON, 2)] {
        put(&store, toml, Origin::File).await;
        assert_eq!(newest(&store).await.account_epoch, epoch, "{toml}");
    }
    store.put_policy(TWO, ON, Origin::File, T).await.unwrap();
    let of_two = store.policy(TWO, None).await.unwrap().unwrap();
    assert_eq!(of_two.account_epoch, 0);
}

pub(super) async fn promise_6_separate_the_newest_versions_of_all_accounts_are_known_at_once<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    assert!(store.newest_versions().await.unwrap().is_empty());
    put(&store, "a = 1", Origin::Cli).await;
    put(&store, "a = 2", Origin::Cli).await;
    let of_two = store
        .put_policy(TWO, "a = 3", Origin::Cli, T)
        .await
        .unwrap();
    let newest = store.newest_versions().await.unwrap();
    assert_eq!(
        newest.into_iter().collect::<Vec<_>>(),
        [(ONE, 2), (TWO, of_two)]
    );
}

pub(super) async fn versions_of_a_policy_are_kept_with_their_texts<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert_eq!(store.policy(ONE, None).await.unwrap(), None);
    assert_eq!(store.policies(ONE).await.unwrap(), []);
    put(&store, ON, Origin::File).await;
    let later = T + HOUR;
    let unreadable = "mode = ";
    for (toml, origin) in [(PEOPLE, Origin::Cli), (unreadable, Origin::Api)] {
        store.put_policy(ONE, toml, origin, later).await.unwrap();
    }
    bench.crash().await;
    let store = bench.store();
    let version = |version, at, origin, mode: Option<&str>| PolicyVersion {
        version,
        at,
        origin,
        mode: mode.map(str::to_owned),
        user: None,
    };
    assert_eq!(
        store.policies(ONE).await.unwrap(),
        [
            version(3, later, Origin::Api, None),
            version(2, later, Origin::Cli, Some("people")),
            version(1, T, Origin::File, Some("on")),
        ]
    );
    let texts = async |version| {
        let found = store.policy(ONE, Some(version)).await.unwrap();
        found.map(|found| (found.version, found.toml))
    };
    assert_eq!(texts(1).await, Some((1, ON.to_owned())));
    assert_eq!(texts(2).await, Some((2, PEOPLE.to_owned())));
    assert_eq!(texts(4).await, None);
    assert_eq!(store.policy(TWO, Some(1)).await.unwrap(), None);
    assert_eq!(store.policies(TWO).await.unwrap(), []);
}

pub(super) async fn a_policy_replaces_only_the_version_that_was_seen<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let replace = async |account, over, toml, user| {
        let replaced = store.replace_policy(account, over, toml, UserId(user), T);
        replaced.await.unwrap()
    };
    assert_eq!(replace(ONE, 1, ON, 7).await, Replaced::Stale(0));
    assert_eq!(put(&store, ON, Origin::File).await, 1);
    assert_eq!(
        replace(ONE, 1, ON, 7).await,
        Replaced::Stored(1),
        "the same"
    );
    assert_eq!(replace(ONE, 1, PEOPLE, 7).await, Replaced::Stored(2));
    assert_eq!(replace(ONE, 1, ON_TOO, 8).await, Replaced::Stale(2));
    assert_eq!(newest(&store).await.toml, PEOPLE);
    assert_eq!(newest(&store).await.account_epoch, 1, "another mode");
    assert_eq!(replace(ONE, 2, ON_TOO, 8).await, Replaced::Stored(3));
    // Two at the same moment: one of them is told.
    let (one, other) = tokio::join!(replace(ONE, 3, ON, 7), replace(ONE, 3, PEOPLE, 8));
    let stored = [one, other].map(|replaced| replaced == Replaced::Stored(4));
    assert_eq!(stored.iter().filter(|stored| **stored).count(), 1);
    assert!([one, other].contains(&Replaced::Stale(4)));
    // Another account has versions of its own.
    assert_eq!(replace(TWO, 4, ON, 7).await, Replaced::Stale(0));
    assert_eq!(store.policies(TWO).await.unwrap(), []);
    let versions = store.policies(ONE).await.unwrap();
    let users: Vec<_> = versions.iter().rev().map(|version| version.user).collect();
    assert_eq!(users[..3], [None, Some(UserId(7)), Some(UserId(8))]);
    assert_eq!(versions[1].origin, Origin::Api);
}

pub(super) async fn promise_6_separate_an_account_neither_sees_nor_affects_another<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let name = dialog("a");
    let phone = "79000000001";
    let guest = Guest {
        phone: phone.to_owned(),
        name: None,
        provider: "whatsapp".to_owned(),
    };
    let text = store.put_text(ONE, &name, "тайна").await.unwrap();
    let bound = Change::Bound {
        contact: None,
        deal: Some(DealId(7)),
    };
    begun(&store, ONE, "a", &[bound], &[(answer(0), Some(text))]).await;
    store.put_guest(ONE, &name, &guest).await.unwrap();
    contact_is_found(&store, ONE, "a", (phone, ContactId(5))).await;

    // Account two has a dialog of the same name; what is asked for it is never account one's.
    assert_eq!(store.dialog(TWO, &name).await.unwrap(), None);
    begun(&store, TWO, "a", &[], &[(answer(0), Some(text))]).await;
    assert_eq!(store.accounts_of(&name).await.unwrap(), [ONE, TWO]);
    assert_eq!(store.accounts_of(&"b".into()).await.unwrap(), []);
    assert_eq!(store.texts(TWO, &[text]).await.unwrap(), [None]);
    assert_eq!(store.guest(TWO, &name).await.unwrap(), None);
    assert_eq!(store.contact(TWO, phone).await.unwrap(), None);
    assert!(
        store
            .dialogs_of_deal(TWO, DealId(7))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.dialog(TWO, &name).await.unwrap().unwrap().deal, None);

    // A lease of one is no right to the other's dialog, rows and actions, whatever the caller mixes up.
    ingest(&store, vec![row(ONE, "a", "m1", T), row(TWO, "a", "m2", T)]).await;
    let one = store.lease(ONE, &name, T).await.unwrap().unwrap();
    let two = store.lease(TWO, &name, T).await.unwrap().unwrap();
    let (one_row, two_row) = (one.rows[0].id, two.rows[0].id);
    let crossed = Commit {
        consumed: vec![one_row],
        ..decided(&two, &[], &[])
    };
    assert!(matches!(
        store.commit(crossed).await,
        Err(StoreError::Refused(_))
    ));
    let crossed = Commit {
        consumed: Vec::new(),
        parked: vec![(one_row, T + HOUR)],
        ..decided(&two, &[], &[])
    };
    assert!(matches!(
        store.commit(crossed).await,
        Err(StoreError::Refused(_))
    ));
    let crossed = Commit {
        lease: two.lease.clone(),
        ..decided(&one, &[], &[])
    };
    assert!(matches!(
        store.commit(crossed).await,
        Err(StoreError::Refused(_))
    ));
    let unknown = Lease {
        account: AccountId(3),
        ..one.lease.clone()
    };
    assert!(matches!(
        store.release(&unknown, &[], 0).await,
        Err(StoreError::LeaseLost)
    ));
    for _ in 0..3 {
        let leased_anew = store.lease(TWO, &name, T).await.unwrap();
        let lease = leased_anew.map_or_else(|| two.lease.clone(), |claimed| claimed.lease);
        assert!(
            store
                .release(&lease, &[one_row], 0)
                .await
                .unwrap()
                .is_empty()
        );
    }
    store.release(&one.lease, &[], 0).await.unwrap();
    let again = store.lease(ONE, &name, T).await.unwrap().unwrap();
    assert_eq!(again.rows[0].tries, 0, "two's failures are not one's");
    let of_two = store.lease(TWO, &name, T).await.unwrap().unwrap();
    assert_eq!(of_two.rows[0].id, two_row);

    // Actions have the same key in both accounts.
    let first = run_next(&store, T).await;
    let second = run_next(&store, T).await;
    assert_eq!((first.account, second.account), (ONE, TWO));
    assert_eq!(first.key, second.key);
    let elsewhere = Finish::Over {
        result: result_of(&second, T),
        message: None,
    };
    let crossed = store.finish_act(&first, elsewhere).await;
    assert!(
        matches!(crossed, Err(StoreError::Database(_))),
        "{crossed:?}"
    );
    finish(&store, &first, Some("p1")).await;
    assert!(store.used_messages(TWO, &name).await.unwrap().is_empty());
    assert_eq!(
        store.send_in_flight(TWO, &name, 1).await.unwrap(),
        Some(second.key.clone())
    );
    let two_echo = store
        .echo(
            TWO,
            &name,
            Source::Amocrm,
            Some(&"p1".into()),
            Some("тайна"),
            T,
        )
        .await
        .unwrap();
    assert_eq!(two_echo, Echo::Foreign);

    // Routing does not cross either.
    ingest(&store, vec![unrouted("h1", T)]).await;
    let id = store.unrouted(1).await.unwrap()[0].id;
    let crossed = vec![(id, vec![row(TWO, "a", "h1", T)])];
    let crossed = store.route(crossed).await;
    assert!(
        matches!(crossed, Err(StoreError::Refused(_))),
        "{crossed:?}"
    );
    assert_eq!(store.unrouted(1).await.unwrap()[0].id, id);
}

// --- catching up ------------------------------------------------------------------------------------------------------

pub(super) async fn design_5_6_how_far_an_account_has_come_is_kept_and_never_goes_back<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let reach = |activated_at, caught_up_to| Reach {
        activated_at,
        caught_up_to,
    };
    assert_eq!(store.reach(ONE, T).await.unwrap(), reach(T, T));
    assert_eq!(
        store.reach(ONE, T + HOUR).await.unwrap(),
        reach(T, T),
        "active since the first time"
    );
    store.caught_up(ONE, T + 5).await.unwrap();
    store.caught_up(ONE, T + 3).await.unwrap();
    assert_eq!(
        store.reach(TWO, T + 9).await.unwrap(),
        reach(T + 9, T + 9),
        "each account has its own"
    );
    bench.crash().await;
    let store = bench.store();
    assert_eq!(store.reach(ONE, T + HOUR).await.unwrap(), reach(T, T + 5));
}

pub(super) async fn design_5_6_open_dialogs_are_those_of_people_and_lately_those_of_the_bot<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let bound = |deal| Change::Bound {
        contact: None,
        deal: Some(DealId(deal)),
    };
    begun(&store, ONE, "bot", &[bound(1)], &[]).await;
    begun(&store, ONE, "waiting", &[bound(2), waiting(1)], &[]).await;
    begun(&store, ONE, "led", &[bound(3), led_by_manager(1)], &[]).await;
    begun(&store, ONE, "no deal", &[waiting(1)], &[]).await;
    begun(&store, TWO, "another's", &[bound(1), waiting(1)], &[]).await;
    for (since, expected) in [
        (T, &["bot", "led", "waiting"][..]),
        (T + 1, &["led", "waiting"]),
    ] {
        let open = store.open_dialogs(ONE, since).await.unwrap();
        let ids: Vec<_> = open.iter().map(|dialog| dialog.id.0.as_str()).collect();
        assert_eq!(ids, expected, "since {since}");
    }
}

// ---------------------------------------------------------------- echoes and hints that come late

pub(super) async fn promise_1_an_equal_text_under_another_id_than_ours_is_not_ours<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let said = "Ждём вас";
    let text = store.put_text(ONE, &dialog("a"), said).await.unwrap();
    begun(&store, ONE, "a", &[], &[(answer(0), Some(text))]).await;
    let act = run_next(&store, T).await;
    finish(&store, &act, Some("p1")).await;
    // The echo of p1 was never seen.
    let theirs = echo(&store, Source::Pact, Some("p2"), Some(said), T).await;
    assert_eq!(theirs, Echo::Foreign);
    let ours = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(ours, Echo::Ours(act.key));
}

pub(super) async fn a_send_given_up_with_an_unknown_outcome_is_known_by_its_text<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let said = "Ждём вас";
    let text = store.put_text(ONE, &dialog("a"), said).await.unwrap();
    begun(&store, ONE, "a", &[], &[(answer(0), Some(text))]).await;
    let act = run_next(&store, T).await;
    let look = Finish::Again {
        phase: Phase::Check(0),
        not_before: T,
        why: Again::Failing { at: T },
    };
    store.finish_act(&act, look).await.unwrap();
    let act = run_next(&store, T).await;
    finish(&store, &act, None).await;
    let nobody_waits = echo(&store, Source::Pact, Some("p1"), None, T).await;
    assert_eq!(nobody_waits, Echo::Foreign, "nothing is parked for it");
    let late = echo(&store, Source::Pact, Some("p1"), Some(said), T).await;
    assert_eq!(late, Echo::Ours(act.key));
    let second = echo(&store, Source::Pact, Some("p2"), Some(said), T).await;
    assert_eq!(second, Echo::Foreign);
}

pub(super) async fn promise_2_a_hint_about_a_deal_waits_for_the_dialog_that_is_bound_to_it<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let (deal, contact) = (DealId(7), ContactId(5));
    ingest(&store, vec![unrouted("h1", T), unrouted("h2", T)]).await;
    for (row, deal) in store.unrouted(10).await.unwrap().iter().zip([7, 8]) {
        store.keep_for_deal(row.id, DealId(deal)).await.unwrap();
    }
    assert!(store.unrouted(10).await.unwrap().is_empty());
    drop(store);
    bench.crash().await;
    let store = bench.store();
    let bound = Change::Bound {
        contact: Some(contact),
        deal: Some(deal),
    };
    begun(&store, ONE, "a", &[bound], &[]).await;
    let claimed = claim(&store, T).await;
    assert_eq!(keys(&claimed), ["h1"]);
    store.commit(decided(&claimed, &[], &[])).await.unwrap();
    nothing_to_claim(&store, T + HOUR).await;
    // From now on hints find the dialog, by the deal or by the contact.
    ingest(&store, vec![unrouted("h3", T)]).await;
    let row = store.unrouted(10).await.unwrap().remove(0);
    store.keep_for_deal(row.id, deal).await.unwrap();
    assert_eq!(store.unrouted(10).await.unwrap().len(), 1);
    let of = async |account, contact| {
        let found = store.dialogs_of_contact(account, contact).await.unwrap();
        found
            .into_iter()
            .map(|dialog| dialog.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(ONE, contact).await, [dialog("a")]);
    assert_eq!(of(ONE, ContactId(6)).await, []);
    assert_eq!(of(TWO, contact).await, []);
}

pub(super) async fn of_two_actions_the_older_one_is_known<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(owner_field(), None)]).await;
    begun(&store, ONE, "b", &[], &[(owner_field(), None)]).await;
    let (a, b) = (key("a", 1, 0), key("b", 1, 0));
    assert!(store.is_older(ONE, &a, &b).await.unwrap());
    assert!(!store.is_older(ONE, &b, &a).await.unwrap());
    assert!(!store.is_older(TWO, &a, &b).await.unwrap());
}
