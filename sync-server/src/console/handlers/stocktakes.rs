//! `/stocktakes`: planned, followed, decided, closed, reported.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::StocktakeId;
use serde::Deserialize;

use super::{address, done, page_number};
use crate::auth::{CsrfForm, Viewer, Visitor};
use crate::console::data::{CountDecision, PlanProblem, StocktakeChoice, TypedPlan};
use crate::console::page::{Page, render};
use crate::console::report;
use crate::console::view::{
    BinStatus, COUNT_REASONS, Named, PageOf, PlanChoices, PlanPreview, Progress, StocktakeHead,
    StocktakeReport, StocktakeView,
};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::accounts::User;

#[derive(Template)]
#[template(path = "stocktakes.html")]
struct ListPage {
    page: Page,
    list: PageOf<(StocktakeHead, Option<Progress>)>,
    number: u32,
    path: String,
}

#[derive(Deserialize)]
pub(crate) struct AskedPage {
    page: Option<u32>,
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<AskedPage>,
) -> Result<Response, AppError> {
    let number = page_number(asked.page);
    let list = app.data(move |data| data.stocktakes(number)).await?;
    render(&ListPage {
        page: Page::new(&app, &who.visitor, "stocktakes", "nav.stocktakes").await?,
        list,
        number,
        path: address("/stocktakes", &[]),
    })
}

#[derive(Template)]
#[template(path = "stocktake_plan.html")]
struct PlanPage {
    page: Page,
    typed: TypedPlan,
    choices: PlanChoices,
    preview: Option<PlanPreview>,
    problem: Option<String>,
    /// Other bins are meant than the last preview showed.
    changed: bool,
}

impl PlanPage {
    /// The classes with a row for their tolerance; the empty one is for all others.
    fn tolerance_rows(&self) -> Vec<&str> {
        let classes = self.choices.classes.iter().map(String::as_str);
        std::iter::once("").chain(classes).collect()
    }
}

#[derive(Deserialize)]
pub(crate) struct AskedSite {
    #[serde(default)]
    site: String,
}

pub(crate) async fn new(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<AskedSite>,
) -> Result<Response, AppError> {
    let typed = TypedPlan {
        site: asked.site,
        kind: "cycle".into(),
        by_zone: true,
        ..TypedPlan::default()
    };
    plan_page(&app, &who.visitor, typed, None, None, false).await
}

async fn plan_page(
    app: &AppState,
    visitor: &Visitor,
    mut typed: TypedPlan,
    preview: Option<PlanPreview>,
    problem: Option<PlanProblem>,
    changed: bool,
) -> Result<Response, AppError> {
    let site = typed.site.clone();
    let choices = app.data(move |data| data.plan_choices(&site)).await?;
    typed.site.clone_from(&choices.site);
    let page = Page::new(app, visitor, "stocktakes", "stocktake.plan").await?;
    let is_wrong = problem.is_some() || changed;
    let mut response = render(&PlanPage {
        problem: problem.map(|p| page.f1(p.key, "about", p.about)),
        page,
        typed,
        choices,
        preview,
        changed,
    })?;
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// Shows what a plan would make; writes it once that was seen.
pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let writes = fields
        .iter()
        .any(|(name, value)| name == "do" && value == "write");
    let typed = TypedPlan::from_fields(fields);
    let (user, now) = (who.user.clone(), app.now());
    if writes && !typed.seen.is_empty() {
        let (plan, by) = (typed.clone(), user.clone());
        let written = app
            .data(move |data| data.write_stocktake(&plan, &by, now))
            .await?;
        match written {
            Ok(Some(id)) => {
                app.committed();
                return Ok(done(&format!("/stocktakes/{id}"), "planned"));
            }
            Ok(None) => {}
            Err(problem) => {
                return plan_page(&app, &who.visitor, typed, None, Some(problem), false).await;
            }
        }
    }
    let plan = typed.clone();
    let found = app
        .data(move |data| data.preview_stocktake(&plan, &user, now))
        .await?;
    match found {
        Ok(preview) => {
            let changed = writes && !typed.seen.is_empty();
            plan_page(&app, &who.visitor, typed, Some(preview), None, changed).await
        }
        Err(problem) => plan_page(&app, &who.visitor, typed, None, Some(problem), false).await,
    }
}

#[derive(Template)]
#[template(path = "stocktake.html")]
struct OnePage {
    page: Page,
    view: StocktakeView,
    status: String,
    number: u32,
    path: String,
    fragment: String,
    problem: Option<String>,
    typed: CountDecision,
    reasons: [&'static str; 7],
    people: Vec<Named>,
}

#[derive(Template)]
#[template(path = "stocktake_progress.html")]
struct ProgressFragment {
    page: Page,
    view: StocktakeView,
}

#[derive(Deserialize, Default)]
pub(crate) struct AskedBins {
    #[serde(default)]
    status: String,
    page: Option<u32>,
}

fn id_of(text: &str) -> Result<StocktakeId, AppError> {
    text.parse().map_err(|_| AppError::NotFound)
}

/// What a page of a stocktake is asked for with.
struct Shown<'a> {
    visitor: &'a Visitor,
    user: &'a User,
    id: StocktakeId,
    asked: AskedBins,
}

async fn one(
    app: &AppState,
    shown: Shown<'_>,
    problem: Option<&str>,
    typed: CountDecision,
) -> Result<Response, AppError> {
    let Shown {
        visitor,
        user,
        id,
        asked,
    } = shown;
    let number = page_number(asked.page);
    let status = BinStatus::from_code(&asked.status);
    let user = user.clone();
    let (view, people) = app
        .data(move |data| {
            let view = data.stocktake(id, status, number, &user)?;
            Ok((view, data.counters()?))
        })
        .await?;
    let mut page = Page::new(app, visitor, "stocktakes", "nav.stocktakes").await?;
    page.title = view.head.title().to_owned();
    let mut response = render(&OnePage {
        problem: problem.map(|key| page.t(key).to_owned()),
        path: address(&format!("/stocktakes/{id}"), &[("status", &asked.status)]),
        fragment: format!("/stocktakes/{id}/progress"),
        page,
        view,
        status: asked.status,
        number,
        typed,
        reasons: COUNT_REASONS,
        people,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<AskedBins>,
) -> Result<Response, AppError> {
    let shown = Shown {
        visitor: &who.visitor,
        user: &who.user,
        id: id_of(&id)?,
        asked,
    };
    one(&app, shown, None, CountDecision::default()).await
}

/// The progress alone, for pages that are open.
pub(crate) async fn progress(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let (id, user) = (id_of(&id)?, who.user.clone());
    let view = app
        .data(move |data| data.stocktake(id, Some(BinStatus::Missing), u32::MAX, &user))
        .await?;
    render(&ProgressFragment {
        page: Page::new(&app, &who.visitor, "stocktakes", "nav.stocktakes").await?,
        view,
    })
}

/// The reason that was chosen, and what was written beside it, as one note.
fn note(visitor: &Visitor, reason: &str, words: &str) -> String {
    let reason = COUNT_REASONS.iter().find(|known| **known == reason);
    let reason = reason.map(|code| {
        visitor
            .lang
            .t(&format!("stocktake.reason.{code}"))
            .to_owned()
    });
    let words = words.trim();
    match reason {
        Some(reason) if words.is_empty() => reason,
        Some(reason) => format!("{reason}{}{words}", visitor.lang.t("words.colon")),
        None => words.to_owned(),
    }
}

pub(crate) async fn decide(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let id = id_of(&id)?;
    let one_of = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name);
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let choice = StocktakeChoice::from_code(&one_of("do")).ok_or(AppError::BadRequest)?;
    let counts = fields.iter().filter(|(name, _)| name == "count");
    let typed = CountDecision {
        counts: counts.map(|(_, value)| value.clone()).collect(),
        note: one_of("note"),
        counter: one_of("counter"),
    };
    let decision = CountDecision {
        note: note(&who.visitor, &one_of("reason"), &typed.note),
        ..typed.clone()
    };
    if decision.note.chars().count() > 500 {
        return Err(AppError::TooLarge);
    }
    let (user, now) = (who.user.clone(), app.now());
    let decided = app
        .data(move |data| data.decide_counts(id, choice, &decision, &user, now))
        .await?;
    match decided {
        Ok(decided) => {
            app.committed();
            let code = match (choice, decided.own) {
                (StocktakeChoice::Recount, _) => "recount",
                (_, 0) => "approved",
                _ => "approved-others",
            };
            Ok(done(&format!("/stocktakes/{id}"), code))
        }
        Err(problem) => {
            let shown = Shown {
                visitor: &who.visitor,
                user: &who.user,
                id,
                asked: AskedBins {
                    status: one_of("status"),
                    page: one_of("page").parse().ok(),
                },
            };
            one(&app, shown, Some(problem.key()), typed).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct CloseForm {
    #[serde(default)]
    reason: String,
}

pub(crate) async fn close(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<CloseForm>,
) -> Result<Response, AppError> {
    let id = id_of(&id)?;
    if form.reason.chars().count() > 500 {
        return Err(AppError::TooLarge);
    }
    let (user, now) = (who.user.clone(), app.now());
    let closed = app
        .data(move |data| data.close_stocktake(id, &form.reason, &user, now))
        .await?;
    match closed {
        Ok(()) => {
            app.committed();
            Ok(done(&format!("/stocktakes/{id}"), "closed"))
        }
        Err(problem) => {
            let shown = Shown {
                visitor: &who.visitor,
                user: &who.user,
                id,
                asked: AskedBins::default(),
            };
            one(&app, shown, Some(problem.key()), CountDecision::default()).await
        }
    }
}

/// So many lines the page shows; the worksheets have all.
const LINES_MAX: usize = 500;

#[derive(Template)]
#[template(path = "stocktake_report.html")]
struct ReportPage {
    page: Page,
    report: StocktakeReport,
    figures: Vec<(String, String)>,
}

pub(crate) async fn report(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id = id_of(&id)?;
    let report = app.data(move |data| data.stocktake_report(id)).await?;
    let mut page = Page::new(&app, &who.visitor, "stocktakes", "stocktake.report").await?;
    page.title = format!("{} · {}", page.title, report.head.title());
    render(&ReportPage {
        figures: report::figures(&page, &report),
        page,
        report,
    })
}

/// The report as worksheets or on paper.
pub(crate) async fn file(
    State(app): State<AppState>,
    who: Viewer,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response, AppError> {
    let id = id_of(&id)?;
    let (kind, is_pdf) = match file.as_str() {
        "report.pdf" => ("application/pdf", true),
        "report.xlsx" => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            false,
        ),
        _ => return Err(AppError::NotFound),
    };
    let page = Page::new(&app, &who.visitor, "stocktakes", "stocktake.report").await?;
    let (bytes, code) = app
        .data(move |data| {
            let report = data.stocktake_report(id)?;
            let bytes = match is_pdf {
                true => report::pdf(&page, &report)?,
                false => report::xlsx(&page, &report)?,
            };
            Ok((bytes, report.head.code))
        })
        .await?;
    let end = if is_pdf { "pdf" } else { "xlsx" };
    let code: String = code
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{code}.{end}\""))
        .map_err(AppError::internal)?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        bytes,
    )
        .into_response())
}
