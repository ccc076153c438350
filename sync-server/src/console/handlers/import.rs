//! `/data` and `/data/import/…`: check a file, look at what it would do, import it.

use askama::Template;
use axum::extract::{Multipart, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::SiteId;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::export::csv_response;
use crate::auth::form::{self, CSRF_FIELD};
use crate::auth::token::Token;
use crate::auth::{CsrfForm, Supervisor, Viewer, Visitor};
use crate::console::data::{Brought, Table};
use crate::console::import::{
    self, Chosen, Column, Grid, Kind, Outcome, Parsed, Problem, SheetProblem, Upload, columns_of,
    headers, heading_keys, meanings,
};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;
use crate::store::accounts::User;

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
    name: String,
    format: &'static str,
    ignored: Vec<String>,
    outcome: Outcome,
    shown: Vec<Problem>,
    /// Name of the import that was done.
    applied: Option<String>,
}

/// A file, and where it comes from.
#[derive(Default)]
pub(super) struct Source {
    /// Id of the site that was chosen, if one was.
    pub(super) site: String,
    pub(super) file: Vec<u8>,
    /// What the file is called where it comes from.
    pub(super) name: String,
}

/// One form with a file, as it came.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) csrf: String,
    pub(super) source: Source,
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
        ..Table::default()
    };
    csv_response(&format!("{}-template.csv", kind.code()), &table)
}

pub(super) async fn receive(mut form: Multipart) -> Result<Sent, AppError> {
    let mut sent = Sent::default();
    let refused = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        _ => AppError::BadRequest,
    };
    while let Some(field) = form.next_field().await.map_err(refused)? {
        let name = field.name().unwrap_or_default().to_owned();
        if let Some(file) = field.file_name() {
            let shown = file.chars().filter(|c| !c.is_control()).take(200);
            sent.source.name = shown.collect();
        }
        let bytes = field.bytes().await.map_err(refused)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            CSRF_FIELD => sent.csrf = text(),
            "site" => sent.source.site = text(),
            "file" => sent.source.file = bytes.to_vec(),
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
    check_file(&app, &who, kind, sent.source).await
}

/// Whether somebody may bring files of that kind.
pub(super) fn may_bring(kind: Kind, user: &User) -> Result<(), AppError> {
    match kind.needs() {
        Some(right) if !user.rights.has(right) => Err(AppError::Forbidden),
        _ => Ok(()),
    }
}

/// Who persons are, as the form says it: `person:LINE`, and an id or `new`.
fn chosen(fields: &[(String, String)]) -> BTreeMap<u64, Chosen> {
    let one = |(name, value): &(String, String)| {
        let line = name.strip_prefix("person:")?.parse().ok()?;
        let chosen = match value.as_str() {
            "new" => Chosen::New,
            id => Chosen::Known(id.parse().ok()?),
        };
        Some((line, chosen))
    };
    fields.iter().filter_map(one).collect()
}

/// Keeps the file until somebody says that it be imported, and shows what it would do.
pub(super) async fn check_file(
    app: &AppState,
    who: &Supervisor,
    kind: Kind,
    source: Source,
) -> Result<Response, AppError> {
    may_bring(kind, &who.user)?;
    let Source { site, file, name } = source;
    let site = match kind {
        _ if !kind.is_of_a_site() => None,
        _ => Some(app.data(move |data| data.site_or_first(&site)).await?),
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
        name,
        file: Arc::new(file),
        rows: Arc::new(Parsed::none(kind)),
        problems: Arc::default(),
        at: app.now(),
    };
    read_and_show(app, &who.visitor, upload).await
}

/// Reads a file with what is known of its headings. Where that is not enough, somebody is asked what its columns mean.
async fn read_and_show(
    app: &AppState,
    visitor: &Visitor,
    mut upload: Upload,
) -> Result<Response, AppError> {
    let (kind, file) = (upload.kind, upload.file.clone());
    let read = app
        .data(move |data| {
            let said = meanings(data.meanings(kind)?, kind);
            Ok(import::read(&file, kind, &said))
        })
        .await?;
    match read {
        Ok(reading) => {
            upload.rows = Arc::new(reading.rows);
            upload.problems = Arc::new(reading.problems);
            app.uploads().put(upload.clone());
            let outcome = would_do(app, &upload).await?;
            let read = (reading.format, reading.ignored);
            result_page(app, visitor, &upload, outcome, read, None).await
        }
        Err(problem) if problem.is_about_columns() => {
            app.uploads().put(upload.clone());
            columns_page(app, visitor, &upload, Some(problem)).await
        }
        Err(problem) => page(app, visitor, Some(sheet_words(visitor.lang, &problem))).await,
    }
}

#[derive(Template)]
#[template(path = "import_columns.html")]
struct ColumnsPage {
    page: Page,
    id: String,
    kind: Kind,
    problem: Option<String>,
    columns: Vec<ColumnAsked>,
}

/// A column of a file, to be said what it means.
struct ColumnAsked {
    key: String,
    heading: String,
    examples: String,
    meant: Option<Column>,
}

/// So many values of a column are shown.
const EXAMPLES: usize = 3;

async fn columns_page(
    app: &AppState,
    visitor: &Visitor,
    upload: &Upload,
    problem: Option<SheetProblem>,
) -> Result<Response, AppError> {
    let (kind, file) = (upload.kind, upload.file.clone());
    let (grid, said) = app
        .data(move |data| Ok((Grid::read(&file), meanings(data.meanings(kind)?, kind))))
        .await?;
    let grid = match grid {
        Ok(grid) => grid,
        Err(problem) => return page(app, visitor, Some(sheet_words(visitor.lang, &problem))).await,
    };
    let meant = columns_of(&grid.headings, kind, &said);
    let mut columns = Vec::new();
    for (index, ((key, heading), meant)) in heading_keys(&grid.headings)
        .into_iter()
        .zip(&grid.headings)
        .zip(meant)
        .enumerate()
        .filter(|(_, ((_, heading), _))| !heading.is_empty())
    {
        let values = grid.rows.iter().filter_map(|row| row.cells.get(index));
        let filled = values.filter(|value| !value.is_empty()).take(EXAMPLES);
        let examples: Vec<String> = filled.map(|v| v.chars().take(40).collect()).collect();
        columns.push(ColumnAsked {
            key,
            heading: heading.clone(),
            examples: examples.join(visitor.lang.t("words.comma")),
            meant,
        });
    }
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = render(&ColumnsPage {
        page: Page::new(app, visitor, "data", "import.columns").await?,
        id: upload.id.clone(),
        kind,
        problem: problem.map(|problem| sheet_words(visitor.lang, &problem)),
        columns,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

/// `GET /data/import/{id}/columns`: what the columns of a file mean.
pub(crate) async fn columns(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let upload = app.uploads().get(&id, who.user.id);
    let upload = upload.ok_or(AppError::NotFound)?;
    columns_page(&app, &who.visitor, &upload, None).await
}

/// Somebody has said what the columns mean: it is remembered for files of this kind, and the file is read again.
pub(crate) async fn set_columns(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let upload = app.uploads().get(&id, who.user.id);
    let upload = upload.ok_or(AppError::NotFound)?;
    let kind = upload.kind;
    let said: Vec<(String, String)> = fields
        .into_iter()
        .filter_map(|(name, column)| Some((name.strip_prefix("of:")?.to_owned(), column)))
        .take(import::COLUMNS_MAX)
        .collect();
    app.data(move |data| data.set_meanings(kind, &said)).await?;
    read_and_show(&app, &who.visitor, upload).await
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
    (format, ignored): (&'static str, Vec<String>),
    applied: Option<String>,
) -> Result<Response, AppError> {
    let title = match applied {
        Some(_) => "import.done",
        None => "import.check",
    };
    render(&ImportPage {
        page: Page::new(app, visitor, "data", title).await?,
        id: upload.id.clone(),
        kind: upload.kind,
        name: upload.name.clone(),
        format,
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
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let upload = app.uploads().take(&id, who.user.id);
    let upload = upload.ok_or(AppError::NotFound)?;
    may_bring(upload.kind, &who.user)?;
    let (mut taken, user, now) = (upload.clone(), who.user.clone(), app.now());
    if let Parsed::Deposits(deposits) = Arc::make_mut(&mut taken.rows) {
        deposits.chosen = chosen(&fields);
    }
    let (outcome, run) = app
        .data(move |data| {
            let brought = Brought {
                kind: taken.kind,
                site: taken.site,
                file: &taken.name,
                left_out: taken.problems.len(),
                user: &user,
            };
            data.import(&taken.rows, brought, now)
        })
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
    let run = super::imports::name_of(&run);
    let read = ("", Vec::new());
    result_page(&app, &who.visitor, &upload, outcome, read, Some(run)).await
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
        ..Table::default()
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

    fn is_applied(&self) -> bool {
        self.applied.is_some()
    }

    fn good(&self) -> u64 {
        self.outcome.new + self.outcome.changed
    }

    /// Whether there is anything to import, now or once somebody has said who persons are.
    fn may_apply(&self) -> bool {
        self.good() > 0 || !self.outcome.doubts.is_empty()
    }
}

impl ColumnsPage {
    /// Whether the file cannot be imported without this column.
    fn is_needed(&self, column: &Column) -> bool {
        import::required(self.kind).contains(column)
    }

    fn heading(&self, column: &Column) -> &'static str {
        column.heading(self.page.lang == Lang::Zh)
    }
}

impl ColumnAsked {
    fn means(&self, column: &Column) -> bool {
        self.meant == Some(*column)
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
