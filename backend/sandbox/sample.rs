//! A handful of believable deals for the demo, on guests that tests leave alone.

use serde_json::json;

use crate::amocrm::hooks::Actor;
use crate::amocrm::model::{FieldValue, Lead, Values};
use crate::pact::model::{Draft, From};
use crate::state::State;

struct Sample {
    phone: &'static str,
    guest: &'static str,
    deal: &'static str,
    stage: &'static str,
    responsible: i64,
    price: i64,
    /// Days from now to arrival and departure.
    stay: Option<(i64, i64)>,
    category: Option<&'static str>,
    /// What the guest wrote before.
    wrote: &'static str,
}

const SAMPLES: &[Sample] = &[
    Sample {
        phone: "79000000101",
        guest: "Марина Белова",
        deal: "Белова, программа «Суставы»",
        stage: "Новая заявка",
        responsible: 9002,
        price: 0,
        stay: None,
        category: None,
        wrote: "Здравствуйте! Есть ли места на февраль?",
    },
    Sample {
        phone: "79000000102",
        guest: "Сергей Дорохов",
        deal: "Дорохов, двое на неделю",
        stage: "Проведена консультация",
        responsible: 9003,
        price: 84_000,
        stay: Some((40, 47)),
        category: Some("Стандарт двухместный"),
        wrote: "А что входит в лечебную программу?",
    },
    Sample {
        phone: "79000000103",
        guest: "Елена Котова",
        deal: "Котова, 12–22 января",
        stage: "Предварительная бронь",
        responsible: 9002,
        price: 126_000,
        stay: Some((55, 65)),
        category: Some("Полулюкс"),
        wrote: "Ссылку получила, спасибо, оплачу вечером",
    },
    Sample {
        phone: "79000000104",
        guest: "Виктор Лагутин",
        deal: "Лагутин, новогодние",
        stage: "Предоплата получена",
        responsible: 9003,
        price: 152_000,
        stay: Some((42, 52)),
        category: Some("Люкс"),
        wrote: "Какие документы взять с собой?",
    },
    Sample {
        phone: "79000000105",
        guest: "Галина Юдина",
        deal: "Юдина, сейчас отдыхает",
        stage: "Проживающие",
        responsible: 9002,
        price: 98_000,
        stay: Some((-3, 7)),
        category: Some("Стандарт одноместный"),
        wrote: "Подскажите, во сколько завтра процедуры?",
    },
    Sample {
        phone: "79000000106",
        guest: "Павел Зорин",
        deal: "Зорин, октябрьский заезд",
        stage: "Выезд",
        responsible: 9003,
        price: 110_000,
        stay: Some((-20, -10)),
        category: Some("Полулюкс"),
        wrote: "Всё понравилось, спасибо!",
    },
];

const DAY_S: i64 = 86_400;

/// Puts the samples into a new account.
pub(crate) fn furnish(state: &mut State) {
    let now = state.now;
    for sample in SAMPLES {
        let contact = state.make_contact(
            sample.guest,
            &format!("+{}", sample.phone),
            Actor::User(sample.responsible),
        );
        let pipeline = state.crm.main_pipeline();
        let stage = pipeline
            .stages
            .iter()
            .find(|stage| stage.name == sample.stage)
            .unwrap_or(&pipeline.stages[0])
            .id;
        let lead = Lead {
            name: sample.deal.to_owned(),
            price: sample.price,
            responsible: sample.responsible,
            status: stage,
            pipeline: pipeline.id,
            created_by: 0,
            created_at: state.now_s() - 7 * DAY_S,
            contacts: vec![contact],
            values: details(state, sample),
            ..Lead::default()
        };
        state.add_lead(lead, Actor::Robot);
        let written_ms = now - 2 * DAY_S * 1000;
        let (conversation, _) =
            state
                .pact
                .open_conversation(sample.phone, Some(sample.guest), written_ms);
        let mut draft = Draft::new(From::Guest, Some(sample.wrote.to_owned()));
        draft.provider_ms = Some(written_ms);
        draft.to_crm = false;
        state.pact.add_message(conversation, draft, written_ms);
    }
}

fn details(state: &State, sample: &Sample) -> Values {
    let days = sample
        .stay
        .map(|(from, to)| (state.now_s() + from * DAY_S, state.now_s() + to * DAY_S));
    let given = [
        ("ARRIVAL", days.map(|(from, _)| json!(from))),
        ("DEPARTURE", days.map(|(_, to)| json!(to))),
        (
            "ROOM_CATEGORY",
            sample.category.map(|category| json!(category)),
        ),
    ];
    given
        .into_iter()
        .filter_map(|(code, value)| {
            let field = state.crm.field("leads", code)?;
            Some((
                field.id,
                vec![FieldValue {
                    value: value?,
                    choice: None,
                }],
            ))
        })
        .collect()
}
