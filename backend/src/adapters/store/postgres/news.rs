//! What instances tell each other, by `LISTEN` and `NOTIFY`.
//!
//! Apart from the transactions that it tells of: a commit with a notification in it waits for every other such commit.
//! What is lost here is found by the next look.

use crate::ports::{Lane, News};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use widget_core::ids::{AccountId, DealId};

const CHANNEL: &str = "estafeta";
/// News of so long a time are told together.
const GATHER: Duration = Duration::from_millis(5);
/// After a failure.
const AGAIN: Duration = Duration::from_secs(1);

/// News on their way out, and the ear for those of others.
#[derive(Default)]
pub(super) struct Newspaper {
    untold: Mutex<HashSet<News>>,
    written: Notify,
    listener: tokio::sync::Mutex<Option<PgListener>>,
}

impl Newspaper {
    /// Takes news to be told.
    pub(super) fn tell(&self, news: impl IntoIterator<Item = News>) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.extend(news);
        self.written.notify_one();
    }

    /// Waits for news of others. `is_lost` is told when the connection was: the server may have failed.
    pub(super) async fn hear(&self, db: &PgPool, is_lost: impl Fn()) -> News {
        let mut kept = self.listener.lock().await;
        loop {
            let heard = match kept.as_mut() {
                Some(listener) => listener.try_recv().await,
                None => match listen(db).await {
                    Ok(listener) => {
                        *kept = Some(listener);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match heard {
                Ok(None) => {
                    tracing::warn!("the connection to the database was lost");
                    is_lost();
                }
                Ok(Some(notification)) => {
                    if let Some(news) = read(notification.payload()) {
                        return news;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "other instances cannot be heard; it is tried again");
                    if kept.take().is_some() {
                        is_lost();
                    }
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Gives the listener's connection back.
    pub(super) async fn close(&self) {
        *self.listener.lock().await = None;
    }

    fn take(&self) -> HashSet<News> {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *untold)
    }
}

async fn listen(db: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(db).await?;
    // A loss is told before the server is there again.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Tells what there is to tell, for ever.
pub(super) async fn keep_told(paper: Arc<Newspaper>, db: PgPool) {
    loop {
        paper.written.notified().await;
        tokio::time::sleep(GATHER).await;
        let payloads: Vec<String> = paper.take().iter().map(written).collect();
        let told = sqlx::query("SELECT pg_notify($1, news) FROM unnest($2::text[]) AS news")
            .bind(CHANNEL)
            .bind(payloads)
            .execute(&db)
            .await;
        if let Err(error) = told {
            tracing::warn!(%error, "other instances were not told; they find it by themselves");
        }
    }
}

fn written(news: &News) -> String {
    match news {
        News::Acts(account, lane) => format!("acts/{account}/{}", lane.name()),
        News::Deal(account, deal) => format!("deal/{account}/{deal}"),
        News::Rules(account) => format!("rules/{account}/"),
    }
}

/// `None`: of a newer version.
fn read(payload: &str) -> Option<News> {
    let (kind, of) = payload.split_once('/')?;
    let (account, what) = of.split_once('/')?;
    let account = AccountId(account.parse().ok()?);
    match kind {
        "acts" => {
            let lane = Lane::ALL.into_iter().find(|known| known.name() == what)?;
            Some(News::Acts(account, lane))
        }
        "deal" => Some(News::Deal(account, DealId(what.parse().ok()?))),
        "rules" => Some(News::Rules(account)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_read_as_they_were_written_and_unknown_ones_are_passed_over() {
        let acts = Lane::ALL.map(|lane| News::Acts(AccountId(31), lane));
        let deal = News::Deal(AccountId(31), DealId(4_100_001));
        let rules = News::Rules(AccountId(31));
        for news in acts.into_iter().chain([deal, rules]) {
            assert_eq!(read(&written(&news)), Some(news));
        }
        for unknown in [
            "",
            "acts/",
            "acts/x/send",
            "acts/1/dance",
            "deal/1",
            "deal/1/x",
            "rules/x/",
            "weather/1/2",
        ] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }
}
