//! The deal's fields that hold the booking. All may be left out.

use super::super::guess::{self, Field};
use super::super::page::{Sent, View, address};
use super::super::words::{self, Words};
use crate::ports::{Filled, Step, Survey};
use maud::{Markup, html};
use widget_core::policy::DealFields;

pub(super) fn form(view: &View<'_>, survey: &Survey) -> Markup {
    let kept = &view.draft.policy.fields;
    let is_confirmed = view.draft.done.contains(&Step::Fields);
    let choice = |name: &str, label: Words, field: Field, kept: &Option<String>| {
        let is_there = |kept: &&String| survey.fields.iter().any(|seen| seen.name == **kept);
        let kept = kept.as_ref().filter(is_there).map(String::as_str);
        let guessed = guess::field(field, &survey.fields).filter(|_| !is_confirmed);
        let shown = view.shown(name, kept.or(guessed).unwrap_or_default());
        html! {
            label.row { span { (view.say(label)) }
                select name=(name) {
                    option value="" selected[shown.is_empty()] { (view.say(words::NOT_READ)) }
                    @for seen in &survey.fields {
                        option value=(seen.name) selected[shown == seen.name] { (seen.name) }
                    }
                }
            }
        }
    };
    let fields = html! {
        (choice("arrival", words::ARRIVAL, Field::Arrival, &kept.arrival))
        (choice("departure", words::DEPARTURE, Field::Departure, &kept.departure))
        (choice("category", words::CATEGORY, Field::Category, &kept.category))
        (choice("guests", words::GUESTS, Field::Guests, &kept.guests))
        (choice("payment", words::PAYMENT, Field::Payment, &kept.payment))
        (choice("refund", words::REFUND, Field::Refund, &kept.refund))
    };
    html! {
        p { (view.say(words::FIELDS_HOW)) }
        (view.form(Step::Fields, words::SAVE, &fields))
        p { a href=(address(view.draft.id, Step::People)) { (view.say(words::SKIP)) } }
    }
}

pub(super) fn read(sent: &Sent) -> Filled {
    let field = |name: &str| sent.filled(name).map(str::to_owned);
    Filled::Fields(DealFields {
        arrival: field("arrival"),
        departure: field("departure"),
        category: field("category"),
        guests: field("guests"),
        payment: field("payment"),
        refund: field("refund"),
    })
}
