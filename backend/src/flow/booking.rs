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
    Some(Days {
        first,
        last: last.unwrap_or(first).max(first),
    })
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
