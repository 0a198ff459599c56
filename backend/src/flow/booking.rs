//! The booking of a deal: what the fields that the policy maps say.

use super::{Flow, Rules, Tenant};
use crate::error::StoreError;
use crate::ports::FieldText;
use std::collections::BTreeMap;
use widget_core::dialog::Dialog;
use widget_core::event::Booking;
use widget_core::ids::TextRef;
use widget_core::policy::DealFields;
use widget_core::time::Days;

/// The names of the mapped fields.
pub(super) fn names(fields: &DealFields) -> Vec<String> {
    [
        &fields.arrival,
        &fields.departure,
        &fields.category,
        &fields.guests,
        &fields.payment,
        &fields.refund,
    ]
    .into_iter()
    .flatten()
    .cloned()
    .collect()
}

/// What the fields say, with their texts sealed.
pub(super) async fn read(
    flow: &Flow,
    tenant: &Tenant,
    dialog: &Dialog,
    found: &BTreeMap<String, FieldText>,
) -> Result<Booking, StoreError> {
    let rules = tenant.rules();
    let fields = &rules.policy.fields;
    let text = |name: &Option<String>| sealed(flow, tenant, dialog, found, name.clone());
    Ok(Booking {
        days: days(&rules, fields, found),
        category: text(&fields.category).await?,
        guests: text(&fields.guests).await?,
        payment: text(&fields.payment).await?,
        refund: text(&fields.refund).await?,
    })
}

fn days(rules: &Rules, fields: &DealFields, found: &BTreeMap<String, FieldText>) -> Option<Days> {
    let day = |name: &Option<String>| match found.get(name.as_ref()?)? {
        FieldText::Date(at) => Some(rules.zone(*at).local(*at).day),
        FieldText::Text(text) => text.parse::<Days>().ok().map(|days| days.first),
    };
    let (first, last) = (day(&fields.arrival), day(&fields.departure));
    let first = first.or(last)?;
    let days = Days {
        first,
        last: last.unwrap_or(first).max(first),
    };
    // A date beyond the calendar, such as one in ms that was read as seconds, is none.
    (days.to_string().parse() == Ok(days)).then_some(days)
}

async fn sealed(
    flow: &Flow,
    tenant: &Tenant,
    dialog: &Dialog,
    found: &BTreeMap<String, FieldText>,
    name: Option<String>,
) -> Result<Option<TextRef>, StoreError> {
    let shown = match name.and_then(|name| found.get(&name)) {
        None => return Ok(None),
        Some(FieldText::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(FieldText::Text(text)) => text.clone(),
        Some(FieldText::Date(at)) => {
            let day = tenant.rules().zone(*at).local(*at).day;
            Days::one(day).to_string()
        }
    };
    let text = flow
        .store
        .put_text(tenant.account, &dialog.id, &shown)
        .await?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::policy::parse;

    const SANATORIUM: &str = include_str!("../../policies/sanatorium.toml");

    fn stay(arrival: FieldText) -> Option<String> {
        let rules = Rules {
            version: 1,
            account_epoch: 0,
            policy: parse(SANATORIUM).unwrap(),
        };
        let fields = rules.policy.fields.clone();
        let found = BTreeMap::from([(fields.arrival.clone().unwrap(), arrival)]);
        days(&rules, &fields, &found).map(|days| days.to_string())
    }

    #[test]
    fn a_date_that_no_calendar_has_is_none() {
        // 2027-02-02 in Moscow, as amoCRM keeps dates: seconds, here in ms.
        let second_of_february = 1_801_515_600_000;
        assert_eq!(
            stay(FieldText::Date(second_of_february)).as_deref(),
            Some("2027-02-02")
        );
        assert_eq!(stay(FieldText::Date(second_of_february * 1_000)), None);
        assert_eq!(stay(FieldText::Date(i64::MIN)), None);
        assert_eq!(
            stay(FieldText::Text("2027-02-02".to_owned())).as_deref(),
            Some("2027-02-02")
        );
        assert_eq!(stay(FieldText::Text("скоро".to_owned())), None);
    }
}
