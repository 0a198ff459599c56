//! The accounts' knowledge bases and their versions, and the questions that found nothing. What the house says to every
//! guest lies open, as it is searched; what guests asked is sealed where all their texts are.
//!
//! The database's index of words says which passages have a term; what they are worth is reckoned in one place for both
//! databases (`widget_core::knowledge`). The terms in it carry their account, so that no look for one account ever reads
//! the passages of another.

use super::super::common::{Held, from_big, from_json, from_word, to_json, to_word};
use super::SqlStore;
use super::dialect::{Connection, any_of, has_terms, hold};
use crate::error::StoreError;
use crate::ports::{
    BaseVersion, Candidates, Knowledge, Missed, NewBase, Origin, Replaced, StoredBase,
};
use async_trait::async_trait;
use widget_core::ids::{AccountId, DialogId, TurnId, UserId};
use widget_core::knowledge::FORMAT;

#[async_trait]
impl Knowledge for SqlStore {
    async fn put_base(
        &self,
        account: AccountId,
        base: NewBase,
        now: i64,
    ) -> Result<Replaced, StoreError> {
        // The account's row is there from its first key on.
        self.keys(account).await?;
        let files = to_json(&base.files)?;
        self.write((base, files), move |db, (base, files)| {
            Box::pin(put(db, account, base, files, now))
        })
        .await
    }

    async fn bases(&self, account: AccountId) -> Result<Vec<BaseVersion>, StoreError> {
        let rows: Vec<(i64, i64, String, Option<i64>, i64)> = sqlx::query_as(
            "SELECT version, at, origin, by_user, passages FROM knowledge WHERE account = $1 \
             ORDER BY version DESC",
        )
        .bind(account.0)
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|(version, at, origin, user, passages)| {
                Ok(BaseVersion {
                    version,
                    at,
                    origin: from_word("origin of a base", &origin)?,
                    user: user.map(UserId),
                    passages: from_big("passages of a base", passages)?,
                })
            })
            .collect()
    }

    async fn base(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredBase>, StoreError> {
        let found: Option<(i64, i64, String)> = sqlx::query_as(
            "SELECT version, format, files FROM knowledge \
             WHERE account = $1 AND ($2 IS NULL OR version = $2) ORDER BY version DESC LIMIT 1",
        )
        .bind(account.0)
        .bind(version)
        .fetch_optional(self.readers())
        .await?;
        found
            .map(|(version, format, files)| {
                Ok(StoredBase {
                    version,
                    format,
                    files: from_json("a base", &files)?,
                })
            })
            .transpose()
    }

    async fn passages_with(
        &self,
        account: AccountId,
        terms: &[String],
    ) -> Result<Candidates, StoreError> {
        let scoped: Vec<String> = terms
            .iter()
            .filter(|term| is_term(term))
            .map(|term| scoped(account, term))
            .collect();
        // One statement, so that the names are those of the version.
        let rows: Vec<(i64, Option<String>)> = sqlx::query_as(concat!(
            "SELECT newest.version, found.name FROM \
             (SELECT MAX(version) AS version FROM knowledge WHERE account = $1) AS newest \
             LEFT JOIN (SELECT id, version, name FROM passage WHERE account = $1 AND ",
            has_terms!("$2"),
            ") AS found ON found.version = newest.version \
             WHERE newest.version IS NOT NULL ORDER BY found.id"
        ))
        .bind(account.0)
        .bind(any_of(&scoped))
        .fetch_all(self.readers())
        .await?;
        Ok(Candidates {
            version: rows.first().map_or(0, |(version, _)| *version),
            names: rows.into_iter().filter_map(|(_, name)| name).collect(),
        })
    }

    async fn miss(&self, missed: &Missed) -> Result<(), StoreError> {
        let texts: Vec<i64> = missed.texts.iter().map(|text| text.0).collect();
        let row = (missed.clone(), to_json(&texts)?);
        self.write(row, |db, (missed, texts)| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO missed (account, dialog, turn, texts, at) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (account, dialog, turn) DO NOTHING",
                )
                .bind(missed.account.0)
                .bind(&missed.dialog.0)
                .bind(&missed.turn.0)
                .bind(texts)
                .bind(missed.at)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn missed(&self, account: AccountId, most: u32) -> Result<Vec<Missed>, StoreError> {
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT dialog, turn, texts, at FROM missed WHERE account = $1 \
             ORDER BY at DESC, dialog, turn LIMIT $2",
        )
        .bind(account.0)
        .bind(i64::from(most))
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|(dialog, turn, texts, at)| {
                Ok(Missed {
                    account,
                    dialog: DialogId(dialog),
                    turn: TurnId(turn),
                    texts: from_json("texts of a question", &texts)?,
                    at,
                })
            })
            .collect()
    }
}

/// A term as the index has it: the account's own.
fn scoped(account: AccountId, term: &str) -> String {
    format!("a{account}x{term}")
}

/// Letters alone: nothing that an index of words, or its language of queries, reads in another way.
fn is_term(term: &str) -> bool {
    !term.is_empty() && term.chars().all(char::is_alphabetic)
}

async fn put(
    db: &mut Connection,
    account: AccountId,
    base: &NewBase,
    files: &str,
    now: i64,
) -> Result<Replaced, StoreError> {
    hold(db, Held::Knowledge(account)).await?;
    let newest: Option<(i64, String, i64)> = sqlx::query_as(
        "SELECT version, files, format FROM knowledge WHERE account = $1 ORDER BY version DESC LIMIT 1",
    )
    .bind(account.0)
    .fetch_optional(&mut *db)
    .await?;
    let is = newest.as_ref().map_or(0, |(version, _, _)| *version);
    if base.over.is_some_and(|over| over != is) {
        return Ok(Replaced::Stale(is));
    }
    if let Some((_, known, format)) = &newest {
        let is_of_a_folder = base.origin == Origin::File;
        // A newer version of Estafeta beside this one takes the folder in.
        let is_left = is_of_a_folder && *format > FORMAT;
        if is_left {
            tracing::warn!(%account, "the folder of the knowledge base is not taken in: the base is of a newer version");
        }
        if is_left
            || *format == FORMAT
                && (known == files || is_of_a_folder && is_imported(db, account, files).await?)
        {
            return Ok(Replaced::Stored(is));
        }
    }
    let version = is + 1;
    insert(db, account, base, files, (version, now)).await?;
    Ok(Replaced::Stored(version))
}

/// Whether these are the files of the folder's last import: what was changed by hand since is not undone by a folder that
/// did not change.
async fn is_imported(
    db: &mut Connection,
    account: AccountId,
    files: &str,
) -> Result<bool, StoreError> {
    let last: Option<String> = sqlx::query_scalar(
        "SELECT files FROM knowledge WHERE account = $1 AND origin = $2 ORDER BY version DESC LIMIT 1",
    )
    .bind(account.0)
    .bind(to_word(&Origin::File)?)
    .fetch_optional(db)
    .await?;
    Ok(last.is_some_and(|last| last == files))
}

async fn insert(
    db: &mut Connection,
    account: AccountId,
    base: &NewBase,
    files: &str,
    (version, now): (i64, i64),
) -> Result<(), StoreError> {
    let passages = i64::try_from(base.passages.len()).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO knowledge (account, version, files, format, passages, at, origin, by_user) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(account.0)
    .bind(version)
    .bind(files)
    .bind(FORMAT)
    .bind(passages)
    .bind(now)
    .bind(to_word(&base.origin)?)
    .bind(base.user.map(|user| user.0))
    .execute(&mut *db)
    .await?;
    // Only the newest version is searched.
    sqlx::query("DELETE FROM passage WHERE account = $1")
        .bind(account.0)
        .execute(&mut *db)
        .await?;
    for (name, terms) in &base.passages {
        let scoped: Vec<String> = terms
            .iter()
            .filter(|term| is_term(term))
            .map(|term| scoped(account, term))
            .collect();
        sqlx::query("INSERT INTO passage (account, version, name, terms) VALUES ($1, $2, $3, $4)")
            .bind(account.0)
            .bind(version)
            .bind(name)
            .bind(scoped.join(" "))
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
