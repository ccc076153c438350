//! `/data` and `/data/import/…`: check a file, look at what it would do, import it.

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::SiteId;
use std::sync::Arc;

use super::export::csv_response;
use crate::auth::form::{self, CSRF_FIELD, Pressed};
use crate::auth::token::Token;
use crate::auth::{CsrfForm, Supervisor, Viewer, Visitor};
use crate::console::data::Table;
use crate::console::import::{
    Kind, Outcome, Problem, Sheet, SheetProblem, Upload, decode, headers, parse,
};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

/// So many problems are shown; the file has all of them.
const PROBLEMS_SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    page: Page,
    sites: Vec<Named>,
    /// How many days of history the handhelds of each site hold, in the order of `sites`.
    windows: Vec<i64>,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    page: Page,
    id: String,
    kind: Kind,
    encoding: &'static str,
    ignored: Vec<String>,
    outcome: Outcome,
    shown: Vec<Problem>,
    applied: bool,
}

/// One form with a file, as it came.
pub(super) struct Sent {
    pub(super) csrf: String,
    site: String,
    pub(super) file: Vec<u8>,
}

pub(crate) async fn data(State(app): State<AppState>, who: Viewer) -> Result<Response, AppError> {
    page(&app, &who.visitor, None).await
}

pub(crate) async fn page(
    app: &AppState,
    visitor: &Visitor,
    problem: Option<String>,
) -> Result<Response, AppError> {
    let sites = app.data(|data| data.sites()).await?;
    let ids: Vec<SiteId> = sites
        .iter()
        .filter_map(|site| site.id.parse().ok())
        .collect();
    let windows = app
        .hub(move |hub| {
            let days = |site: SiteId| Ok(hub.site_window(site)? / 86_400_000);
            ids.into_iter().map(days).collect::<Result<_, _>>()
        })
        .await?;
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = render(&DataPage {
        page: Page::new(app, visitor, "data", "nav.data").await?,
        sites,
        windows,
        problem,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// An empty file with the right headings.
pub(crate) async fn template(who: Viewer, Path(kind): Path<String>) -> Result<Response, AppError> {
    let kind = kind.strip_suffix(".csv").and_then(Kind::from_code);
    let kind = kind.ok_or(AppError::NotFound)?;
    let headings = headers(kind, who.visitor.lang == Lang::Zh);
    let table = Table {
        headings: headings.into_iter().map(str::to_owned).collect(),
        rows: Vec::new(),
    };
    csv_response(&format!("{}-template.csv", kind.code()), &table)
}

pub(super) async fn receive(mut form: Multipart) -> Result<Sent, AppError> {
    let mut sent = Sent {
        csrf: String::new(),
        site: String::new(),
        file: Vec::new(),
    };
    let refused = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::BadRequest,
    };
    while let Some(field) = form.next_field().await.map_err(refused)? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(refused)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            CSRF_FIELD => sent.csrf = text(),
            "site" => sent.site = text(),
            "file" => sent.file = bytes.to_vec(),
            _ => {}
        }
    }
    Ok(sent)
}

pub(crate) async fn check(
    State(app): State<AppState>,
    who: Supervisor,
    Path(kind): Path<String>,
    body: Multipart,
) -> Result<Response, AppError> {
    let kind = Kind::from_code(&kind).ok_or(AppError::NotFound)?;
    let sent = receive(body).await?;
    form::check(&who.visitor, &sent.csrf)?;
    let lang = who.visitor.lang;
    let (read, encoding) = tokio::task::spawn_blocking(move || {
        let (text, encoding) = decode(&sent.file);
        let read = Sheet::read(&text, kind).map(|sheet| (parse(&sheet, kind), sheet.ignored));
        (read, encoding)
    })
    .await?;
    let ((rows, problems), ignored) = match read {
        Ok(read) => read,
        Err(problem) => return page(&app, &who.visitor, Some(sheet_words(lang, &problem))).await,
    };
    let site = match kind {
        Kind::Items => None,
        _ => Some(app.data(move |data| data.site_or_first(&sent.site)).await?),
    };
    let upload = Upload {
        id: Token::random()?
            .secret()
            .get(..32)
            .unwrap_or_default()
            .to_owned(),
        user: who.user.id,
        kind,
        site,
        rows: Arc::new(rows),
        problems: Arc::new(problems),
        at: app.now(),
    };
    app.uploads().put(upload.clone());
    let outcome = would_do(&app, &upload).await?;
    result_page(
        &app,
        &who.visitor,
        &upload,
        outcome,
        encoding,
        ignored,
        false,
    )
    .await
}

async fn would_do(app: &AppState, upload: &Upload) -> Result<Outcome, AppError> {
    let (rows, site, now) = (upload.rows.clone(), upload.site, app.now());
    let outcome = app
        .data(move |data| data.check_import(&rows, site, now))
        .await?;
    Ok(with_problems(outcome, upload))
}

/// All problems in the order of the file.
fn with_problems(mut outcome: Outcome, upload: &Upload) -> Outcome {
    outcome.problems.extend(upload.problems.iter().cloned());
    outcome.problems.sort_by_key(|problem| problem.line);
    outcome
}

async fn result_page(
    app: &AppState,
    visitor: &Visitor,
    upload: &Upload,
    outcome: Outcome,
    encoding: &'static str,
    ignored: Vec<String>,
    applied: bool,
) -> Result<Response, AppError> {
    let title = if applied {
        "import.done"
    } else {
        "import.check"
    };
    render(&ImportPage {
        page: Page::new(app, visitor, "data", title).await?,
        id: upload.id.clone(),
        kind: upload.kind,
        encoding,
        ignored,
        shown: outcome
            .problems
            .iter()
            .take(PROBLEMS_SHOWN)
            .cloned()
            .collect(),
        outcome,
        applied,
    })
}

pub(crate) async fn apply(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let upload = app.uploads().take(&id, who.user.id);
    let upload = upload.ok_or(AppError::NotFound)?;
    let (rows, site, user, now) = (
        upload.rows.clone(),
        upload.site,
        who.user.clone(),
        app.now(),
    );
    let outcome = app
        .data(move |data| data.import(&rows, site, &user, now))
        .await?;
    app.committed();
    tracing::info!(
        kind = upload.kind.code(),
        new = outcome.new,
        changed = outcome.changed,
        "imported a file of {}",
        upload.kind.code()
    );
    let outcome = with_problems(outcome, &upload);
    result_page(&app, &who.visitor, &upload, outcome, "", Vec::new(), true).await
}

/// The rows that are left out, with what is wrong with each.
pub(crate) async fn errors(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let upload = app.uploads().get(&id, who.user.id);
    let upload = upload.ok_or(AppError::NotFound)?;
    let outcome = would_do(&app, &upload).await?;
    let lang = who.visitor.lang;
    let headings = [
        "import.line",
        "import.column",
        "import.value",
        "import.problem",
    ];
    let table = Table {
        headings: headings.iter().map(|key| lang.t(key).to_owned()).collect(),
        rows: outcome
            .problems
            .iter()
            .map(|problem| {
                vec![
                    problem.line.to_string(),
                    column_words(lang, problem).to_owned(),
                    problem.value.clone(),
                    lang.t(problem.key).to_owned(),
                ]
            })
            .collect(),
    };
    csv_response("import-errors.csv", &table)
}

fn column_words(lang: Lang, problem: &Problem) -> &'static str {
    problem
        .column
        .map_or("", |column| column.heading(lang == Lang::Zh))
}

fn sheet_words(lang: Lang, problem: &SheetProblem) -> String {
    let column = problem
        .column()
        .map_or("", |column| column.heading(lang == Lang::Zh));
    lang.fill(problem.key(), &[("column", column)])
}

impl ImportPage {
    fn column(&self, problem: &Problem) -> &'static str {
        column_words(self.page.lang, problem)
    }

    fn good(&self) -> u64 {
        self.outcome.new + self.outcome.changed
    }
}

/// `GET /items/suggest?q=`: a few items for a field that asks for one, as JSON.
pub(crate) async fn suggest(
    State(app): State<AppState>,
    who: Viewer,
    axum::extract::Query(asked): axum::extract::Query<Suggest>,
) -> Result<Response, AppError> {
    let items = app.data(move |data| data.items_like(&asked.q)).await?;
    let lang = who.visitor.lang;
    let list: Vec<_> = items
        .iter()
        .map(|item| serde_json::json!({ "code": item.code, "name": item.name(lang) }))
        .collect();
    Ok(axum::Json(list).into_response())
}

#[derive(serde::Deserialize)]
pub(crate) struct Suggest {
    #[serde(default)]
    q: String,
}
