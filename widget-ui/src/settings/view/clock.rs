//! The account's local time, by the browser's own database of time zones.

use crate::settings::fields::Kind;
use crate::settings::fields::shown;
use crate::settings::state::Editor;
use crate::settings::zone;
use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use widget_core::time::{DAY, Date, HOUR, MINUTE, SECOND, Zone};

/// The zone of a name around a moment, unix ms; UTC where the browser does not know the name.
pub fn zone_around(name: &str, at: i64) -> Zone {
    match format_of(name) {
        Some(format) => zone::around(at, |at| offset(&format, at).unwrap_or_default()),
        None => Zone::fixed(0),
    }
}

/// Now on the account's clock, as an input of the browser writes it.
pub fn local_now(editor: &Editor) -> String {
    let now = editor.base.now;
    let local = zone_around(&zone_name(editor), now).local(now);
    let (hour, minute) = (local.minute / 60, local.minute % 60);
    format!("{}T{hour:02}:{minute:02}", local.date())
}

/// A moment on the account's clock: `2026-11-18 11:00`.
pub fn moment(editor: &Editor, at: i64) -> String {
    let local = zone_around(&zone_name(editor), at).local(at);
    let (hour, minute) = (local.minute / 60, local.minute % 60);
    format!("{} {hour:02}:{minute:02}", local.date())
}

fn zone_name(editor: &Editor) -> String {
    match &editor.saved {
        Some(saved) => saved.calendar.timezone.clone(),
        None => shown(&Kind::Text, editor.doc.get("calendar.timezone").as_ref()),
    }
}

/// `Intl.DateTimeFormat` of a zone. Not through `js_sys`: there an unknown name would end the module.
fn format_of(zone: &str) -> Option<JsValue> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let make: Function = Reflect::get(&intl, &"DateTimeFormat".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let options = Object::new();
    for (name, value) in [
        ("timeZone", zone),
        ("hourCycle", "h23"),
        ("year", "numeric"),
        ("month", "numeric"),
        ("day", "numeric"),
        ("hour", "numeric"),
        ("minute", "numeric"),
        ("second", "numeric"),
    ] {
        Reflect::set(&options, &name.into(), &value.into()).ok()?;
    }
    Reflect::construct(&make, &Array::of2(&"en-US".into(), &options)).ok()
}

/// Seconds ahead of UTC.
fn offset(format: &JsValue, at: i64) -> Option<i32> {
    let parts: Function = Reflect::get(format, &"formatToParts".into())
        .ok()?
        .dyn_into()
        .ok()?;
    #[allow(clippy::cast_precision_loss)] // far below 2^53
    let parts = parts.call1(format, &JsValue::from_f64(at as f64)).ok()?;
    let number = |name: &str| -> Option<i64> {
        let parts = Array::from(&parts);
        let part = parts.iter().find(|part| {
            let kind = Reflect::get(part, &"type".into()).ok();
            kind.and_then(|kind| kind.as_string())
                .is_some_and(|kind| kind == name)
        })?;
        Reflect::get(&part, &"value".into())
            .ok()?
            .as_string()?
            .parse()
            .ok()
    };
    let date = Date {
        year: number("year")?,
        month: u32::try_from(number("month")?).ok()?,
        day: u32::try_from(number("day")?).ok()?,
    };
    let wall = date.day_number() * DAY
        + number("hour")? * HOUR
        + number("minute")? * MINUTE
        + number("second")? * SECOND;
    i32::try_from((wall - at.div_euclid(SECOND) * SECOND) / SECOND).ok()
}
