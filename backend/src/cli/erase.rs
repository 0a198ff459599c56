//! Erasing at the command line: at once where no backend runs, else as a wish that the backend carries out.

use super::clock;
use super::guest::Whom;
use super::{Failure, Outcome, say};
use crate::app::{AppError, Desk, Erasure};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use widget_core::phone;

/// A backend that runs is given so long.
const PATIENCE: Duration = Duration::from_mins(1);
/// And one that may be serving the account itself, so long.
const ACCOUNT_PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(200);

/// How an erasure ended.
enum Ended {
    /// Nothing is left.
    Erased,
    /// The backend has not got round to it yet.
    Asked,
}

/// Erases the guests that `whom` names.
pub(super) async fn guest(config: &Config, account: i64, whom: &Whom) -> Outcome {
    let desk = Desk::to_read(config).await?;
    let erasures: Vec<_> = desk
        .known(account)
        .await?
        .into_iter()
        .filter(|known| {
            let phone = known.guest.as_ref().map(|guest| guest.phone.as_str());
            let same_phone = |wanted: &String| phone.is_some_and(|p| phone::same(p, wanted));
            whom.phone.as_ref().is_some_and(same_phone)
                || whom.conversation.as_ref() == Some(&known.conversation.0)
                || whom.dialog.as_ref() == Some(&known.dialog.0)
        })
        .map(|known| Erasure::Guest(known.dialog))
        .collect();
    desk.close().await;
    if erasures.is_empty() {
        return Err(format!("account {account} has no dialog with that guest").into());
    }
    let count = erasures.len();
    match carry_out(config, account, &erasures, PATIENCE).await? {
        Ended::Erased => say(format_args!("account {account}: erased, dialogs: {count}")),
        Ended::Asked => say(format_args!(
            "account {account}: the backend will erase it as soon as nothing is on its way to the guest, in 15 minutes at the latest"
        )),
    }
    Ok(ExitCode::SUCCESS)
}

/// Erases an account, or tells what would be erased.
pub(super) async fn account(config: &Config, id: i64, yes: bool) -> Outcome {
    let desk = Desk::to_read(config).await?;
    let dialogs = desk.known(id).await?.len();
    let policies = desk.policies(id).await?.len();
    desk.close().await;
    if dialogs + policies == 0 {
        return Err(format!("there are no data of account {id}").into());
    }
    if !yes {
        return Err(format!(
            "account {id}: dialogs: {dialogs}, policies: {policies}; they go for good, with the account's key: say --yes"
        )
        .into());
    }
    let still_listed = config.accounts.iter().any(|account| account.id == id);
    match carry_out(config, id, &[Erasure::Account], ACCOUNT_PATIENCE).await? {
        Ended::Erased => say(format_args!("account {id}: erased")),
        Ended::Asked => say(format_args!(
            "account {id}: the running backend serves it; it is erased when the backend starts next"
        )),
    }
    if still_listed {
        say(format_args!(
            "account {id} still stands in the settings: take it out, or it begins anew at the next start"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(
    config: &Config,
    account: i64,
    erasures: &[Erasure],
    patience: Duration,
) -> Result<Ended, Failure> {
    let clock = business_clock(config).await?;
    match Desk::to_change(config).await {
        Ok(desk) => {
            let erased = at_once(&desk, config, account, erasures, clock).await;
            desk.close().await;
            erased
        }
        Err(AppError::InUse { .. }) => {
            let desk = Desk::beside(config).await?;
            let erased = by_the_backend(&desk, account, erasures, clock.now_ms(), patience).await;
            desk.close().await;
            erased
        }
        Err(error) => Err(error.into()),
    }
}

async fn at_once(
    desk: &Desk,
    config: &Config,
    account: i64,
    erasures: &[Erasure],
    clock: Arc<dyn Clock>,
) -> Result<Ended, Failure> {
    for erasure in erasures {
        desk.wish(account, erasure, clock.now_ms()).await?;
    }
    if desk.erase_all(config, clock).await? {
        return Ok(Ended::Erased);
    }
    let why = "erased, but somebody reads the data: traces stay in the log beside the database; run this again";
    Err(why.into())
}

async fn by_the_backend(
    desk: &Desk,
    account: i64,
    erasures: &[Erasure],
    now: i64,
    patience: Duration,
) -> Result<Ended, Failure> {
    for erasure in erasures {
        desk.wish(account, erasure, now).await?;
    }
    let until = Instant::now() + patience;
    while Instant::now() < until {
        sleep(LOOK).await;
        if desk.are_erased(account, erasures).await? {
            return Ok(Ended::Erased);
        }
    }
    Ok(Ended::Asked)
}

/// The clock by which the data are dated.
async fn business_clock(config: &Config) -> Result<Arc<dyn Clock>, Failure> {
    Ok(match config.clock_source.clone() {
        None => Arc::new(SystemClock),
        Some(source) => Arc::new(clock::follow(source).await?),
    })
}
