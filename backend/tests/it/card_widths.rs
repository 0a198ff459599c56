//! Every text of the card whose width is limited (`ui-texts.md`, column «max»), drawn in its place, in both languages
//! and with long values: nothing is cut, and nothing takes more lines than it may.

use crate::harness::{World, browse};
use crate::shown::{LOOKS, Page, empty_deal, prepare, texts};
use serde_json::{Value, json};

/// Where a text stands, by the codes of `ui-texts.md` §0.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The status line, after the dot.
    S,
    /// So many lines under it.
    L(u8),
    /// A button over the full width.
    B,
    /// A button over half of it.
    H,
    /// A link.
    A,
    /// A message in place: two lines.
    T,
    /// A bar of an error: `ui-texts.md` §7 names no limit, but more than three lines push the button away.
    Error,
    /// The reason of a handoff: a line of its own, and with its heading in the message's box at most two.
    Reason,
    /// Not limited: screen readers, tooltips, the caption; or a part of other texts.
    Free,
}

/// The place of the text of `key`; `None` where nobody has said.
fn place_of(key: &str) -> Option<Place> {
    use Place::{A, B, Error, Free, H, L, Reason, S, T};
    Some(match key {
        "lang" | "days" | "months" | "guest.quote" | "guest.reason" | "name.unknown" => Free,
        "none.chat" | "none.unsaved" | "many" | "state.connecting" | "state.no_rights"
        | "state.not_ready" | "state.setup" => S,
        "guest.at"
        | "bot.wanted"
        | "none.contact"
        | "none.unsaved.hint"
        | "state.no_rights.hint"
        | "state.not_ready.hint"
        | "state.setup.left"
        | "ask.return.note"
        | "ask.return.placeholder"
        | "ask.return.hint" => L(1),
        "line.elsewhere_at"
        | "none.chat.hint"
        | "hist.waiting"
        | "ask.return.unanswered"
        | "ask.return.answered"
        | "ask.dismiss"
        | "ask.exclude" => L(2),
        "ask.intercept" => L(3),
        "state.offline" | "state.update" | "state.update.hint" => T,
        "do.take" | "do.return" | "do.include" | "do.intercept" | "do.open_deal" | "do.retry"
        | "do.reload" | "do.setup" => B,
        "ask.intercept.yes" | "ask.return.yes" | "ask.dismiss.yes" | "ask.exclude.yes"
        | "do.cancel" => H,
        _ => match key.split('.').next()? {
            "time" | "caption" | "badge" | "a11y" | "tip" => Free,
            "owner" | "mode" => S,
            "line" | "fact" | "hist" => L(1),
            "do" => A,
            "ok" | "info" => T,
            "error" => Error,
            "reason" => Reason,
            _ => return None,
        },
    })
}

/// What may stand for a placeholder, long but not odd. Names are cut by the status line alone, with an ellipsis; their
/// length elsewhere is the reader's own.
fn long(lang: &str, name: &str) -> &'static str {
    let is_russian = lang == "ru";
    match name {
        "time" if is_russian => "вчера 23:40",
        "time" => "yesterday 23:40",
        "ago" | "left" if is_russian => "1 ч 20 мин",
        "ago" | "left" => "1 h 20 min",
        "when" if is_russian => "завтра в 10:00",
        "when" => "tomorrow at 10:00",
        // Days ahead, where the account says so.
        "later" if is_russian => "пн 14:20",
        "later" => "Mon 14:20",
        "name" => "Анна Ким",
        "stage" => "Новая заявка",
        "reason" if is_russian => "Спрашивает, дошла ли оплата",
        "reason" => "Asks whether the payment arrived",
        "from" => "30 дек.",
        "to" => "12 сент.",
        "text" => "Здравствуйте",
        "length" => "12:34",
        "file" => "чек об оплате.pdf",
        "max" => "500",
        "age" => "3",
        "n" => "12",
        _ => panic!("a value for {{{name}}}"),
    }
}

fn filled(lang: &str, key: &str, text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}').expect("a whole placeholder");
        let (name, forms) = inside.split_once('/').unwrap_or((inside, ""));
        filled += before;
        let is_ahead = key == "line.return_at" && name == "time";
        filled += long(lang, if is_ahead { "later" } else { name });
        if let Some(longest) = forms.split('/').max_by_key(|form| form.chars().count()) {
            filled += if longest.is_empty() { "" } else { "\u{a0}" };
            filled += longest;
        }
        rest = after;
    }
    filled + rest
}

/// Every text with its place, as the measuring script takes it: key, text, markup with `@` for the text, what is
/// measured of it, its line's height and how many lines it may take.
fn drawings(lang: &str) -> Vec<Value> {
    let texts = texts(lang);
    let mut drawn = vec![];
    for (key, text) in texts.as_object().expect("texts") {
        let place = place_of(key).unwrap_or_else(|| panic!("nobody says where {key} stands"));
        if matches!(place, Place::Free) {
            continue;
        }
        let text = filled(lang, key, text.as_str().expect("a text"));
        let mut draw = |markup: &str, css: &str, line: u32, lines: u8| {
            drawn.push(json!({
                "key": key, "text": text, "markup": markup, "css": css, "line": line, "lines": lines,
            }));
        };
        let line = "<div class='estafeta-line'>@</div>";
        match place {
            Place::Free => unreachable!("passed over"),
            Place::S => {
                let status =
                    "<div class='estafeta-status'><i class='estafeta-dot'></i><span>@</span></div>";
                draw(status, ".estafeta-status span", 20, 1);
            }
            Place::L(lines) => draw(line, ".estafeta-line", 17, lines),
            // Their text is 18 px high, all else is padding and border.
            Place::B => draw(
                "<button class='estafeta-button'>@</button>",
                "button",
                36,
                1,
            ),
            Place::H => {
                let pair = "<div class='estafeta-pair'><button class='estafeta-button'>@</button><button class='estafeta-button'>@</button></div>";
                draw(pair, "button", 36, 1);
            }
            Place::A => {
                let links =
                    "<div class='estafeta-links'><button class='estafeta-link'>@</button></div>";
                draw(links, "button", 24, 1);
            }
            Place::T => draw(
                "<div class='estafeta-bar'><span>@</span></div>",
                "span",
                17,
                2,
            ),
            Place::Error => draw(
                "<div class='estafeta-bar'><span>@</span></div>",
                "span",
                17,
                3,
            ),
            Place::Reason => {
                draw(
                    line,
                    ".estafeta-line",
                    17,
                    if key.starts_with("reason.reply_blocked.") || key == "reason.stage_people.full"
                    {
                        2
                    } else {
                        1
                    },
                );
                let heading = texts["guest.reason"].as_str().expect("a text");
                let boxed = format!(
                    "<div class='estafeta-message'><div class='estafeta-reason'><span>{heading}</span><b>@</b></div></div>"
                );
                draw(&boxed, ".estafeta-reason", 17, 2);
            }
        }
    }
    drawn
}

/// Answers what is wider or higher than it may be.
const MEASURE: &str = r"
  (drawings) => {
    const root = document.createElement('div');
    root.className = 'estafeta';
    root.style.width = '245px';
    document.querySelector('.card-widgets__elements').append(root);
    const wrong = drawings.flatMap(({ key, text, markup, css, line, lines }) => {
      root.innerHTML = markup.replaceAll('@', () => text);
      const all = Array.from(root.querySelectorAll(css));
      const wide = all.some((e) => e.scrollWidth > e.clientWidth && e.clientWidth) || root.scrollWidth > root.clientWidth;
      const high = Math.max(...all.map((e) => e.getBoundingClientRect().height));
      return wide || high > lines * line + 1 ? [`${key}: «${text}» is ${wide ? 'too wide' : high + ' px high'} in ${css}, ${lines} lines allowed`] : [];
    });
    root.remove();
    return wrong;
  }
";

#[tokio::test]
async fn every_text_fits_its_place_in_both_languages() {
    let world = World::new().await;
    let deal = empty_deal(&world).await;
    browse("widths", async |tab| {
        prepare(tab).await;
        Page::open(tab, &world, deal, LOOKS[0]).await;
        let mut wrong = vec![];
        for lang in ["ru", "en"] {
            let script = format!("({MEASURE})({})", Value::from(drawings(lang)));
            let found = tab.awaits(&script).await.expect("measured");
            let found = found.as_array().expect("a list").iter();
            wrong.extend(found.map(|text| format!("{lang} {text}")));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
