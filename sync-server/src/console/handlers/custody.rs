//! `/custody`: what customers left, one deposit, and what is done about it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use domain::DepositId;
use domain::custody::CustodyAct;
use labels::sheet::Layout;
use serde::Deserialize;

use super::{address, done, id_of, with_problem};
use crate::auth::form::Pressed;
use crate::auth::{CsrfForm, Viewer, Visitor};
use crate::console::data::Counted;
use crate::console::page::{Page, render};
use crate::console::view::{CustodyShow, DepositLine, DepositView, Named, NoticeView};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;
use crate::store::customers::notices;

/// Messages that are listed.
const NOTICES_MAX: u32 = 100;

#[derive(Template)]
#[template(path = "custody.html")]
struct ListPage {
    page: Page,
    lines: Vec<DepositLine>,
    next: Option<String>,
    sites: Vec<Named>,
    asked: Asked,
    show: CustodyShow,
    /// Each tab with how many it has.
    tabs: Vec<(CustodyShow, Counted)>,
    tomorrow: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    site: String,
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    after: String,
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(mut asked): Query<Asked>,
) -> Result<Response, AppError> {
    let page = Page::new(&app, &who.visitor, "custody", "nav.custody").await?;
    let (now, form) = (app.now(), asked.clone());
    let (sites, site, (lines, next), tabs) = app
        .data(move |data| {
            let site = data.site_or_first(&form.site)?;
            let found = match form.q.trim() {
                "" => {
                    let show = CustodyShow::from_code(&form.show);
                    data.deposits(site, show, &form.after, now)?
                }
                text => (data.find_deposits(text, now)?, None),
            };
            let tabs = data.custody_tabs(site, now)?;
            Ok((data.sites()?, site, found, tabs))
        })
        .await?;
    asked.site = site.to_string();
    let show = CustodyShow::from_code(&asked.show);
    let query = [("site", asked.site.as_str()), ("show", show.code())];
    render(&ListPage {
        tomorrow: page.day(now + 86_400_000),
        tabs,
        next: next.map(|after| format!("{}after={after}", address("/custody", &query))),
        page,
        lines,
        sites,
        asked,
        show,
    })
}

#[derive(Template)]
#[template(path = "deposit.html")]
struct DepositPage {
    page: Page,
    view: DepositView,
    /// Sheets that labels are printed on.
    layouts: [&'static str; Layout::ALL.len()],
    problem: Option<String>,
}

async fn deposit_page(
    app: &AppState,
    visitor: &Visitor,
    id: DepositId,
    problem: Option<&'static str>,
) -> Result<Response, AppError> {
    let now = app.now();
    let view = app.data(move |data| data.deposit_view(id, now)).await?;
    let mut page = Page::new(app, visitor, "custody", "custody.deposit").await?;
    page.title = format!("{} {}", page.title, view.left.claim);
    page.zone = view.left.zone;
    with_problem(problem, page.lang, |problem| {
        render(&DepositPage {
            layouts: Layout::ALL.map(|layout| layout.code),
            problem,
            page,
            view,
        })
    })
}

/// The page of a deposit with why something was not done.
pub(super) async fn refused(
    app: &AppState,
    visitor: &Visitor,
    id: DepositId,
    problem: &'static str,
) -> Result<Response, AppError> {
    deposit_page(app, visitor, id, Some(problem)).await
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id: DepositId = id_of(&id)?;
    deposit_page(&app, &who.visitor, id, None).await
}

#[derive(Deserialize)]
pub(crate) struct ActForm {
    #[serde(default)]
    day: String,
    #[serde(default)]
    reason: String,
}

async fn act(
    app: &AppState,
    who: Viewer,
    id: &str,
    act: CustodyAct,
    form: ActForm,
) -> Result<Response, AppError> {
    let id: DepositId = id_of(id)?;
    let (now, user) = (app.now(), who.user.clone());
    let outcome = app
        .data(move |data| match act {
            CustodyAct::Extended => data.extend_deposit(id, &form.day, &user, now),
            _ => data.give_up_deposit(id, act, &form.reason, &user, now),
        })
        .await?;
    match outcome {
        Ok(()) => {
            app.committed();
            Ok(done(&format!("/custody/{id}"), "saved"))
        }
        Err(problem) => deposit_page(app, &who.visitor, id, Some(problem.key())).await,
    }
}

pub(crate) async fn extend(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Extended, form).await
}

pub(crate) async fn dispose(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Disposed, form).await
}

pub(crate) async fn cancel(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ActForm>,
) -> Result<Response, AppError> {
    act(&app, who, &id, CustodyAct::Cancelled, form).await
}

pub(crate) async fn withdraw(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id: DepositId = id_of(&id)?;
    let now = app.now();
    match app.data(move |data| data.withdraw_deposit(id, now)).await? {
        Ok(()) => {
            app.committed();
            Ok(done("/custody?show=expected", "saved"))
        }
        Err(problem) => deposit_page(&app, &who.visitor, id, Some(problem.key())).await,
    }
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    page: Page,
    list: Vec<NoticeView>,
}

pub(crate) async fn outbox(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    let now = app.now();
    let found = app
        .store(move |db| Ok(db.read(|c| notices(c, now, NOTICES_MAX))?))
        .await?;
    let list = app.data(move |data| data.notices(found)).await?;
    let shown = format!("messages={}", list.len());
    let response = render(&NoticesPage {
        page: Page::new(&app, &who.visitor, "custody", "custody.notices").await?,
        list,
    })?;
    Ok(noted(response, shown))
}
