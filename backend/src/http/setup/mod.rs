//! `/setup`: from nothing to a working connection. Plain pages and forms, no script.
//!
//! Whoever comes by a one-time link gets a session: a cookie that only this browser has and that no other site's form
//! carries along; every form holds a word of its session besides. A step's form is read here, checked and kept by the
//! desk, and what is wrong is said in words on the same page.

mod guess;
mod key;
mod page;
mod steps;
mod words;

pub use key::SetupKey;

use super::state::Web;
use crate::ports::{Filled, SetupDesk, Step, Trouble};
use axum::Form;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use key::Session;
use maud::html;
pub(super) use page::address;
use page::{Sent, View, told};
use serde::Deserialize;
use std::sync::Arc;
use widget_core::trace::Lang;

/// A step's form is no longer: a funnel of a hundred stages fits in.
const FORM_BYTES: usize = 64 * 1024;
/// Says where a request comes from; browsers send it, and no page can change it.
const FETCH_SITE: &str = "sec-fetch-site";

/// What the page needs.
pub struct Setup {
    /// Checks and keeps what is filled in.
    pub desk: Arc<dyn SetupDesk>,
    /// Signs links and sessions.
    pub key: SetupKey,
    /// The archive for amoCRM, made for this backend; `None` in a build without the widget.
    pub archive: Option<Bytes>,
}

/// The routes of the page.
pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/setup", get(overview))
        .route("/setup/enter", post(enter))
        .route("/setup/new", post(begin))
        .route("/setup/style.css", get(style))
        .route("/setup/language/{code}", get(choose_language))
        .route("/setup/{id}/widget.zip", get(archive))
        .route("/setup/{id}/disconnect", post(disconnect))
        .route("/setup/{id}/fresh-rules", post(fresh_rules))
        .route("/setup/{id}/{step}", get(step).post(fill_in))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
}

/// A request of somebody who came by a link.
struct Visit<'a> {
    web: &'a Web,
    setup: &'a Setup,
    lang: Lang,
    session: Session,
}

impl<'a> Visit<'a> {
    /// The visit, or the page that says that a link is needed.
    fn of(web: &'a Web, headers: &HeaderMap) -> Result<Self, Box<Response>> {
        let lang = words::language(headers);
        let setup = web.setup.as_ref().ok_or_else(|| Box::new(locked(lang)))?;
        let session = setup.key.session(headers, web.now());
        Ok(Self {
            web,
            setup,
            lang,
            session: session.ok_or_else(|| Box::new(locked(lang)))?,
        })
    }

    /// The same for a form: it has to be one of this session's.
    fn of_form(web: &'a Web, headers: &HeaderMap, sent: &Sent) -> Result<Self, Box<Response>> {
        let visit = Self::of(web, headers)?;
        let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
        let is_foreign = site.is_some_and(|site| site != b"same-origin" && site != b"none");
        if is_foreign || !visit.session.has_made(sent.get("form_word")) {
            let body = html! { p.bad { (words::FORGED.of(visit.lang)) } };
            let page = page::page(StatusCode::FORBIDDEN, visit.lang, "/setup", None, &body);
            return Err(Box::new(page));
        }
        Ok(visit)
    }

    fn desk(&self) -> &dyn SetupDesk {
        &*self.setup.desk
    }

    /// A page that says what is wrong, and nothing else.
    fn refused(&self, trouble: &Trouble) -> Response {
        let status = match trouble {
            Trouble::Gone => StatusCode::NOT_FOUND,
            Trouble::Store => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let body = html! {
            (told(trouble, self.lang))
            p { a href="/setup" { (words::ALL_ACCOUNTS.of(self.lang)) } }
        };
        page::page(status, self.lang, "/setup", None, &body)
    }
}

fn locked(lang: Lang) -> Response {
    let body = html! { h1 { (words::TITLE.of(lang)) } p.bad { (words::LINK_OVER.of(lang)) } };
    page::page(StatusCode::FORBIDDEN, lang, "/setup", None, &body)
}

fn go_to(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, place)]).into_response()
}

async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "max-age=3600"),
    ];
    (headers, include_str!("style.css")).into_response()
}

#[derive(Deserialize)]
struct Arrival {
    link: Option<String>,
}

/// The list of accounts; with a link the door to it. Only the press of the button uses the link up: programs that look
/// at links in messages do not press.
async fn overview(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Query(arrival): Query<Arrival>,
) -> Response {
    if let Some(link) = &arrival.link {
        return door(&web, words::language(&headers), link);
    }
    let visit = match Visit::of(&web, &headers) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let accounts = match visit.desk().accounts().await {
        Ok(accounts) => accounts,
        Err(trouble) => return visit.refused(&trouble),
    };
    let lang = visit.lang;
    let say = |words: words::Words| words.of(lang);
    let new = if accounts.is_empty() {
        words::START
    } else {
        words::ADD
    };
    let body = html! {
        h1 { (say(words::TITLE)) }
        @if !accounts.is_empty() {
            h2 { (say(words::ACCOUNTS)) }
            ul.plain.accounts {
                @for account in &accounts {
                    @let name = if account.name.is_empty() { say(words::NAMELESS) } else { &account.name };
                    li.line {
                        strong { (name) }
                        span.hint { @match (&account.mode, account.served) {
                            (Some(mode), true) => { (say(words::mode(mode))) }
                            _ => { (say(words::NOT_SERVED)) }
                        } }
                        @if account.lacks_widget { span.hint { (say(words::WIDGET_UNSEEN)) } }
                        @match account.id {
                            Some(id) => { a href=(address(id, Step::Integration)) { (say(words::CONTINUE)) } }
                            None => { span.hint { (say(words::OF_FILE)) } }
                        }
                    }
                }
            }
        }
        h2 { (say(words::PREREQUISITES)) }
        ul {
            @for need in [words::NEED_ADMIN, words::NEED_TARIFF, words::NEED_PACT, words::NEED_WAIVER, words::NEED_SILENCE] {
                li { (say(need)) }
            }
        }
        form method="post" action="/setup/new" {
            input type="hidden" name="form_word" value=(visit.session.form_word);
            button { (say(new)) }
        }
        p.hint { (say(words::VALID_UNTIL)) " " (words::moment(visit.session.until)) }
    };
    page::page(StatusCode::OK, lang, "/setup", None, &body)
}

fn door(web: &Web, lang: Lang, link: &str) -> Response {
    let key = web.setup.as_ref().map(|setup| &setup.key);
    if key.and_then(|key| key.read_link(link, web.now())).is_none() {
        return locked(lang);
    }
    let body = html! {
        h1 { (words::TITLE.of(lang)) }
        p { (words::LINK_ONCE.of(lang)) }
        form method="post" action="/setup/enter" {
            input type="hidden" name="link" value=(link);
            button { (words::OPEN.of(lang)) }
        }
    };
    page::page(
        StatusCode::OK,
        lang,
        &format!("/setup&link={link}"),
        None,
        &body,
    )
}

/// The link is used up, and a session comes of it.
async fn enter(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Response {
    let lang = words::language(&headers);
    let (sent, now) = (Sent(sent), web.now());
    let Some(setup) = &web.setup else {
        return locked(lang);
    };
    let Some(link) = setup.key.read_link(sent.get("link"), now) else {
        return locked(lang);
    };
    match web.flow.store.use_link(&link.id, link.until, now).await {
        Ok(true) => {}
        Ok(false) => return locked(lang),
        Err(cause) => {
            tracing::error!(%cause, "a link to the setup page could not be checked");
            let body = html! { p.bad { (words::LINK_LATER.of(lang)) } };
            return page::page(StatusCode::SERVICE_UNAVAILABLE, lang, "/setup", None, &body);
        }
    }
    tracing::info!("somebody has opened the setup page");
    let cookie = setup
        .key
        .cookie(now, web.public_url.starts_with("https://"));
    let headers = [(LOCATION, "/setup".to_owned()), (SET_COOKIE, cookie)];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[derive(Deserialize)]
struct Back {
    to: Option<String>,
    link: Option<String>,
}

/// Remembers the language and goes back.
async fn choose_language(Path(code): Path<String>, Query(back): Query<Back>) -> Response {
    let code = if code == "en" { "en" } else { "ru" };
    let is_ours = |to: &String| {
        let rest = to.strip_prefix("/setup");
        let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
        rest.is_some_and(|rest| {
            rest.is_empty() || (rest.starts_with('/') && rest.chars().all(is_path))
        })
    };
    let mut to = back
        .to
        .filter(is_ours)
        .unwrap_or_else(|| "/setup".to_owned());
    // Whoever stands at the door has no session yet, and needs the link once more.
    let is_word = |link: &String| link.chars().all(|c| c.is_ascii_hexdigit() || c == '.');
    if let Some(link) = back.link.filter(is_word) {
        to = format!("/setup?link={link}");
    }
    let cookie = format!(
        "{}={code}; Path=/setup; SameSite=Lax; Max-Age=31536000",
        words::LANGUAGE
    );
    (
        StatusCode::SEE_OTHER,
        [(LOCATION, to), (SET_COOKIE, cookie)],
    )
        .into_response()
}

async fn begin(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Form(sent): Form<Vec<(String, String)>>,
) -> Response {
    let visit = match Visit::of_form(&web, &headers, &Sent(sent)) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    match visit.desk().begin().await {
        Ok(id) => go_to(&address(id, Step::Integration)),
        Err(trouble) => visit.refused(&trouble),
    }
}

#[derive(Deserialize)]
struct Asked {
    pipeline: Option<i64>,
}

async fn step(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Path((id, name)): Path<(i64, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let visit = match Visit::of(&web, &headers) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let Some(step) = Step::of(&name) else {
        return visit.refused(&Trouble::Gone);
    };
    show(&visit, id, step, asked.pipeline, None).await
}

async fn fill_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Path((id, name)): Path<(i64, String)>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Response {
    let sent = Sent(sent);
    let visit = match Visit::of_form(&web, &headers, &sent) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let Some(step) = Step::of(&name) else {
        return visit.refused(&Trouble::Gone);
    };
    let outcome = match steps::read(step, &sent) {
        Ok(filled) => visit.desk().fill_in(id, filled).await,
        Err(trouble) => Err(trouble),
    };
    match outcome {
        // These two have something to look at when they are done.
        Ok(()) if matches!(step, Step::Trial | Step::On) => go_to(&address(id, step)),
        Ok(()) => go_to(&address(id, step.next().unwrap_or(step))),
        Err(trouble) => show(&visit, id, step, None, Some((&trouble, &sent))).await,
    }
}

/// A step, or why it cannot be shown.
async fn show(
    visit: &Visit<'_>,
    id: i64,
    step: Step,
    pipeline: Option<i64>,
    refused: Option<(&Trouble, &Sent)>,
) -> Response {
    let lang = visit.lang;
    let draft = match visit.desk().draft(id).await {
        Ok(draft) => draft,
        Err(trouble) => return visit.refused(&trouble),
    };
    let view = View {
        lang,
        form_word: &visit.session.form_word,
        public_url: &visit.web.public_url,
        draft: &draft,
        sent: refused.map(|(_, sent)| sent),
    };
    let (body, reload) = match steps::show(step, &view, visit.desk(), pipeline).await {
        Ok(shown) => (shown.body, shown.reload),
        Err(trouble) => (told(&trouble, lang), None),
    };
    let place = address(id, step);
    let number = Step::ALL
        .iter()
        .position(|known| *known == step)
        .unwrap_or(0)
        + 1;
    let name = if draft.name.is_empty() {
        words::NAMELESS.of(lang)
    } else {
        &draft.name
    };
    let body = html! {
        p.line { a href="/setup" { (words::ALL_ACCOUNTS.of(lang)) } span.hint { (name) } }
        nav { ol.steps {
            @for known in Step::ALL {
                li class=(if draft.done.contains(&known) { "good" } else { "wait" }) {
                    a href=(address(id, known)) aria-current=[(known == step).then_some("step")] { (words::title(known).of(lang)) }
                }
            }
        } }
        h1 { (number) ". " (words::title(step).of(lang)) }
        @if let Some((trouble, _)) = refused { (told(trouble, lang)) }
        (body)
    };
    let status = match refused {
        Some((Trouble::Store, _)) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    page::page(status, lang, &place, reload, &body)
}

/// The archive for amoCRM.
async fn archive(State(web): State<Arc<Web>>, headers: HeaderMap, Path(_): Path<i64>) -> Response {
    let visit = match Visit::of(&web, &headers) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    let Some(archive) = &visit.setup.archive else {
        let body = html! { p.bad { (words::NO_ARCHIVE.of(visit.lang)) } };
        return page::page(StatusCode::NOT_FOUND, visit.lang, "/setup", None, &body);
    };
    let headers = [
        (CONTENT_TYPE, "application/zip"),
        (CONTENT_DISPOSITION, "attachment; filename=\"widget.zip\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, archive.clone()).into_response()
}

async fn disconnect(
    web: State<Arc<Web>>,
    headers: HeaderMap,
    id: Path<i64>,
    sent: Form<Vec<(String, String)>>,
) -> Response {
    act(web, headers, id, sent, Filled::Disconnect, Step::Access).await
}

async fn fresh_rules(
    web: State<Arc<Web>>,
    headers: HeaderMap,
    id: Path<i64>,
    sent: Form<Vec<(String, String)>>,
) -> Response {
    act(web, headers, id, sent, Filled::FreshRules, Step::Access).await
}

/// Does what a button beside the steps asks for.
async fn act(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Form(sent): Form<Vec<(String, String)>>,
    filled: Filled,
    then: Step,
) -> Response {
    let visit = match Visit::of_form(&web, &headers, &Sent(sent)) {
        Ok(visit) => visit,
        Err(page) => return *page,
    };
    match visit.desk().fill_in(id, filled).await {
        Ok(()) => go_to(&address(id, then)),
        Err(trouble) => visit.refused(&trouble),
    }
}

/// The link back from amoCRM's consent.
pub(super) fn after_consent(id: i64) -> String {
    address(id, Step::Access)
}
