//! The pipeline, and what each of its stages means: guessed by name, confirmed by a person.

use super::super::guess;
use super::super::page::{Sent, View, address};
use super::super::words;
use crate::ports::{Filled, SeenPipeline, SeenStage, Step, Survey, Trouble};
use maud::{Markup, html};
use std::collections::BTreeMap;
use widget_core::ids::StageKey;
use widget_core::policy::Stage;

/// Before the number of a stage in a field's name.
const STAGE: &str = "stage-";

pub(super) fn form(view: &View<'_>, survey: &Survey, asked: Option<i64>) -> Markup {
    let Some(pipeline) = chosen(view, survey, asked) else {
        return html! { p.bad { (words::trouble(&Trouble::StageGone, view.lang)) } };
    };
    let meaning = guess::stages(&view.draft.policy, pipeline);
    let is_confirmed = view.draft.done.contains(&Step::Stages);
    let fields = html! {
        input type="hidden" name="pipeline" value=(pipeline.id);
        @for stage in &pipeline.stages {
            (row(view, stage, &meaning, is_confirmed))
        }
    };
    html! {
        @if survey.pipelines.len() > 1 {
            form method="get" action=(address(view.draft.id, Step::Stages)) {
                label { span { (view.say(words::PIPELINE)) }
                    select name="pipeline" {
                        @for seen in &survey.pipelines {
                            option value=(seen.id) selected[seen.id == pipeline.id] { (seen.name) }
                        }
                    }
                }
                button.plain { (view.say(words::SHOW_STAGES)) }
            }
        } @else {
            p { (view.say(words::PIPELINE)) ": " (pipeline.name) }
        }
        p { (view.say(words::STAGES_HOW)) }
        (view.form(Step::Stages, words::CONFIRM_STAGES, &fields))
    }
}

fn row(
    view: &View<'_>,
    stage: &SeenStage,
    meaning: &BTreeMap<i64, StageKey>,
    is_confirmed: bool,
) -> Markup {
    let name = format!("{STAGE}{}", stage.id);
    let guessed = meaning.get(&stage.id);
    let shown = view.shown(&name, guessed.map_or("", |key| key.0.as_str()));
    let of_rules = |key: &StageKey| {
        view.draft
            .policy
            .stages
            .iter()
            .find(|known| known.key == *key)
    };
    let hint = guessed
        .and_then(of_rules)
        .filter(|known| known.name != stage.name && !is_confirmed);
    let option =
        |known: &Stage| format!("{} — {}", known.name, words::role(known.role).of(view.lang));
    html! {
        label.row {
            span { (stage.name) }
            select name=(name) {
                option value="" selected[shown.is_empty()] { (view.say(words::PEOPLE_ONLY)) }
                @for known in &view.draft.policy.stages {
                    option value=(known.key.0) selected[shown == known.key.0] { (option(known)) }
                }
            }
            @if let Some(known) = hint { small { (view.say(words::GUESSED)) " «" (known.name) "»" } }
        }
    }
}

/// The pipeline that was asked for, or sent, or is kept, or is the main one.
fn chosen<'a>(view: &View<'_>, survey: &'a Survey, asked: Option<i64>) -> Option<&'a SeenPipeline> {
    let asked = asked.or_else(|| view.sent?.get("pipeline").parse().ok());
    let all = &survey.pipelines;
    let kept = view.draft.pipeline.as_ref();
    all.iter()
        .find(|seen| Some(seen.id) == asked)
        .or_else(|| all.iter().find(|seen| Some(&seen.name) == kept))
        .or_else(|| all.iter().find(|seen| seen.is_main))
        .or_else(|| all.first())
}

pub(super) fn read(sent: &Sent) -> Result<Filled, Trouble> {
    let pipeline = sent.get("pipeline").parse();
    let stages = sent.0.iter().filter_map(|(name, key)| {
        let id = name.strip_prefix(STAGE)?.parse().ok()?;
        (!key.is_empty()).then(|| (id, StageKey::from(key.as_str())))
    });
    Ok(Filled::Stages {
        pipeline: pipeline.map_err(|_| Trouble::Odd("pipeline"))?,
        meaning: stages.collect(),
    })
}
