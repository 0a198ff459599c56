//! Every state of the card as the manager sees it, in Russian and English, by day and by night: nothing is wider than
//! amoCRM's panel, and what counts stands at the top. The pictures lie in `target/screenshots/states`.

use crate::harness::{ANNA, IGOR, OLGA, Tab, World, browse, until};
use serde_json::{Value, json};
use widget_core::ids::{DealId, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use widget_core::time::{Days, HOUR, MINUTE};
use widget_core::understand::{Facts, Programme};
use widget_core::wire::{AskedBack, DealDialogs, DialogView, Mute, UserName, WhyLine, WhyMark};

/// 2026-11-18 11:00 in Moscow.
const NOW: i64 = 1_794_988_800_000;
const LONG_NAME: &str = "Константина Владимировна Рождественская-Преображенская";

/// The card is given what `window.given` says instead of the backend's answer.
const GIVEN: &str = r"
  const real = window.fetch;
  window.fetch = (url, options) => {
    if (String(url).includes('/events')) return Promise.reject(new TypeError('no streams here'));
    if (!window.given || !String(url).includes('/dialogs')) return real(url, options);
    if (window.given === 'offline') return Promise.reject(new TypeError('Failed to fetch'));
    return Promise.resolve(new Response(JSON.stringify(window.given)));
  };
";

fn dialog(owner: Owner, deal: i64) -> DialogView {
    DialogView {
        id: "d1".into(),
        deal: Some(DealId(deal)),
        phone: "+7 900 … 01".to_owned(),
        view: OwnerView { owner, epoch: 3 },
        bot_busy: false,
        bot_last: Some(NOW - 18 * MINUTE),
        guest_last: Some(NOW - 12 * MINUTE),
        unanswered_since: None,
        return_at: None,
        undo_until: None,
        handoff: None,
        off_hours: false,
        guest_text: Some(
            "Здравствуйте! Нас будет пятеро, с нами ребёнок трёх лет и собака".to_owned(),
        ),
        bot_wanted: None,
        why: vec![WhyLine {
            mark: WhyMark::Decided,
            ru: "гости: 5, порог 4. Нужен менеджер".to_owned(),
            en: "guests: 5, limit 4. A manager is needed".to_owned(),
        }],
        facts: Facts {
            guests: Some(5),
            youngest_child: Some(3),
            rooms: Some(2),
            dates: Some(Days {
                first: 20_799,
                last: 20_802,
            }),
            nights: Some(3),
            programme: Some(Programme::Treatment),
            pet: Some(true),
            ..Facts::default()
        },
        asked_back: None,
        touch_at: None,
        mute: None,
        stage: Some("Проведена консультация".to_owned()),
        deal_closed: false,
        reminded: None,
    }
}

fn reason() -> Reason {
    Reason::from(ReasonId::GuestsOver4)
        .with("n", 5)
        .with("max", 4)
}

fn waiting(minutes: i64) -> Owner {
    Owner::Waiting {
        since: NOW - minutes * MINUTE,
        reason: reason(),
    }
}

/// The guard has held back what the bot wanted to say.
fn blocked(deal: i64) -> DialogView {
    let reason = Reason::from(ReasonId::ReplyBlocked).with("kind", "price");
    DialogView {
        unanswered_since: Some(NOW - 12 * MINUTE),
        handoff: Some(reason.clone()),
        bot_wanted: Some("Номер стоит 3 000 ₽ в сутки".to_owned()),
        ..dialog(
            Owner::Waiting {
                since: NOW - 12 * MINUTE,
                reason,
            },
            deal,
        )
    }
}

fn led_by(user: Option<i64>) -> Owner {
    Owner::Manager {
        user: user.map(UserId),
        since: NOW - 6 * MINUTE,
    }
}

fn led(user: Option<i64>, deal: i64) -> DialogView {
    DialogView {
        return_at: Some(NOW + 34 * MINUTE),
        handoff: Some(reason()),
        ..dialog(led_by(user), deal)
    }
}

/// Name, dialogs, and what the Russian card says of them.
fn states(deal: i64) -> Vec<(&'static str, Vec<DialogView>, &'static [&'static str])> {
    let bot = || dialog(Owner::Bot, deal);
    let waits = |minutes| DialogView {
        unanswered_since: Some(NOW - minutes * MINUTE),
        ..dialog(waiting(minutes), deal)
    };
    let muted = |mute| DialogView {
        mute: Some(mute),
        ..bot()
    };
    let mine = || led(Some(ANNA), deal);
    vec![
        (
            "bot",
            vec![bot()],
            &["Ведёт бот", "Последний ответ в 10:42", "Взять диалог"],
        ),
        (
            "bot-writing",
            vec![DialogView {
                bot_busy: true,
                ..bot()
            }],
            &["Бот готовит ответ", "Сообщение гостя в 10:48"],
        ),
        (
            "bot-asked-back",
            vec![DialogView {
                asked_back: Some(AskedBack::Deal),
                ..bot()
            }],
            &["Уточняет, о какой сделке речь"],
        ),
        (
            "bot-touch",
            vec![DialogView {
                touch_at: Some(NOW + 23 * HOUR),
                ..bot()
            }],
            &["Финальное касание завтра в 10:00", "Не отправлять"],
        ),
        (
            "waiting",
            vec![waits(12)],
            &[
                "Ждёт менеджера",
                "Гость ждёт 12 мин, с 10:48",
                "Гостей: 5, больше 4",
                "5 гостей",
                "с питомцем",
                "без ответа",
                "Ответ не нужен",
                "История",
            ],
        ),
        (
            "waiting-overdue",
            vec![waits(80)],
            &["Гость ждёт 1 ч 20 мин, с 09:40"],
        ),
        (
            "waiting-off-hours",
            vec![DialogView {
                off_hours: true,
                ..waits(12)
            }],
            &["Гостю обещан ответ в рабочее время"],
        ),
        (
            "waiting-closed",
            vec![DialogView {
                deal_closed: true,
                ..waits(12)
            }],
            &["Сделка закрыта, а гость ждёт ответа"],
        ),
        (
            "waiting-blocked",
            vec![blocked(deal)],
            &[
                "Ответ бота не прошёл проверку: сумма ниоткуда",
                "Бот хотел ответить",
                "«Номер стоит 3 000 ₽ в сутки»",
            ],
        ),
        (
            "mine-unanswered",
            vec![DialogView {
                unanswered_since: Some(NOW - 6 * MINUTE),
                ..mine()
            }],
            &[
                "Ведёте вы",
                "Гость ждёт ответа 6 мин",
                "Вернуть боту",
                "С заметкой",
            ],
        ),
        (
            "mine-answered",
            vec![mine()],
            &["Ведёте вы", "К боту в 11:34, через 34 мин"],
        ),
        (
            "mine-opened",
            vec![DialogView {
                undo_until: Some(NOW + 4 * MINUTE),
                ..mine()
            }],
            &["У вас, потому что вы открыли сделку", "Отменить"],
        ),
        (
            "other",
            vec![led(Some(IGOR), deal)],
            &["Ведёт Константина", "Перехватить", "История"],
        ),
        (
            "person-unknown",
            vec![led(None, deal)],
            &["Отвечает менеджер", "Взять диалог", "Вернуть боту"],
        ),
        (
            "excluded",
            vec![muted(Mute::Excluded)],
            &["Без бота", "Этому гостю бот не отвечает"],
        ),
        (
            "paused",
            vec![muted(Mute::Paused)],
            &["Бот на паузе", "Все новые сообщения ждут менеджера"],
        ),
        (
            "trial",
            vec![muted(Mute::Trial)],
            &["Пробный режим", "Бот отвечает только тестовым номерам"],
        ),
        (
            "elsewhere",
            vec![led(Some(IGOR), deal + 1)],
            &[
                "Диалог в другой сделке: «Проведена консультация»",
                "Открыть сделку",
            ],
        ),
        (
            "several",
            vec![
                waits(12),
                DialogView {
                    id: "d2".into(),
                    phone: "+7 912 … 67".to_owned(),
                    ..bot()
                },
            ],
            &["Диалоги: 2", "+7 912 … 67"],
        ),
        (
            "none",
            vec![],
            &["Переписки в WhatsApp нет", "Напишите гостю"],
        ),
    ]
}

fn given(dialogs: Vec<DialogView>) -> Value {
    let user = |id, name: &str| UserName {
        id: UserId(id),
        name: name.to_owned(),
    };
    let given = DealDialogs {
        now: NOW,
        utc_offset: 10_800,
        dialogs,
        users: vec![user(ANNA, "Анна Ким"), user(IGOR, LONG_NAME)],
        no_contact: false,
        alerts: vec![],
    };
    serde_json::to_value(given).expect("JSON")
}

/// Gives the card this, and waits until it has drawn it.
async fn gives(tab: &Tab, given: &Value) {
    let script = format!(
        "const card = document.querySelector('.estafeta-card'); const before = window.drawn || 0; \
         if (!window.watch) {{ window.watch = new MutationObserver(() => {{ window.drawn = (window.drawn || 0) + 1; }}); \
         watch.observe(card.parentNode, {{ childList: true, subtree: true, characterData: true, attributes: true }}); }} \
         window.given = {given}; window.dispatchEvent(new Event('online')); return before"
    );
    let before = tab.asks(&script).await;
    until("the card draws", async || {
        tab.asks("return window.drawn || 0").await != before
    })
    .await;
}

async fn is_narrow(tab: &Tab, state: &str) {
    let script = "const card = document.querySelector('.estafeta'); \
        const wide = Array.from(card.querySelectorAll('*')).filter((e) => e.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5 \
          && !e.closest('.estafeta-live') && getComputedStyle(e.parentNode).overflow !== 'hidden'); \
        return [card.getBoundingClientRect().width, card.scrollWidth - card.clientWidth, wide.map((e) => e.className + ': ' + e.innerText).join('; ')]";
    let found = tab.asks(script).await;
    assert!(
        found[0].as_f64().is_some_and(|width| width <= 245.0),
        "{state}: {found}"
    );
    assert_eq!((&found[1], &found[2]), (&json!(0), &json!("")), "{state}");
}

#[tokio::test]
async fn every_state_fits_the_panel_by_day_and_night_in_both_languages() {
    let world = World::new().await;
    let deal = json!({"phone": "79000000001", "name": "Заезд на май", "stage": "Новая заявка", "responsible": OLGA});
    let deal = world.play("deals", &deal).await["id"]
        .as_i64()
        .expect("an id");
    browse("states", async |tab| {
        tab.tells("Page.enable", json!({})).await;
        let source = json!({ "source": GIVEN });
        tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
        for (lang, theme) in [
            ("ru", "light"),
            ("ru", "dark"),
            ("en", "light"),
            ("en", "dark"),
        ] {
            let page = &world.sandbox_url;
            tab.opens(&format!(
                "{page}/leads/detail/{deal}?user={ANNA}&panel=1&lang={lang}&theme={theme}"
            ))
            .await;
            until("the card", async || {
                tab.counts(".estafeta-card .estafeta-empty").await == 1
            })
            .await;
            for (name, dialogs, words) in states(deal) {
                gives(tab, &given(dialogs)).await;
                if lang == "ru" {
                    shows(tab, name, words).await;
                }
                is_narrow(tab, &format!("{name} {lang} {theme}")).await;
                if name == "waiting" {
                    stands_at_the_top(tab).await;
                }
                tab.pictures(".estafeta", &format!("states/{name}-{lang}-{theme}"))
                    .await;
            }
        }
    })
    .await;
}

/// Waits until the card says all this; spaces that do not break count as spaces.
async fn shows(tab: &Tab, state: &str, words: &[&str]) {
    until(&format!("{state} says {words:?}"), async || {
        let text = tab.reads(".estafeta-card").await.replace('\u{a0}', " ");
        words.iter().all(|word| text.contains(word))
    })
    .await;
}

/// «Reason, status and button fit into 200 px of height.»
async fn stands_at_the_top(tab: &Tab) {
    let script = "const card = document.querySelector('.estafeta-card').getBoundingClientRect(); \
        return ['.estafeta-status', '.estafeta-reason', '.estafeta-button'].map((css) => \
        document.querySelector('.estafeta-card ' + css).getBoundingClientRect().bottom - card.top)";
    let bottoms = tab.asks(script).await;
    let bottoms = bottoms.as_array().expect("heights").iter();
    for bottom in bottoms {
        let bottom = bottom.as_f64().expect("a height");
        assert!(bottom <= 200.0, "{bottom} px");
    }
}
