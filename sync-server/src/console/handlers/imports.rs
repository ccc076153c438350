//! `/imports`: what was imported, by whom, and undoing it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::done;
use crate::auth::form::Pressed;
use crate::auth::{CsrfForm, Supervisor, Viewer};
use crate::console::import::Kind;
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;
use crate::store::imports::{Run, RunState};

/// Rows on a page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "imports.html")]
struct ImportsPage {
    page: Page,
    runs: Vec<Run>,
    sites: Vec<Named>,
    /// The name of the last one, if there are more.
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "import_run.html")]
struct RunPage {
    page: Page,
    run: Run,
    sites: Vec<Named>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    before: String,
}

/// The name of an import, in addresses: 32 hexadecimal digits.
pub(crate) fn name_of(id: &[u8; 16]) -> String {
    id.iter().map(|b| format!("{b:02x}")).collect()
}

/// The import with that name.
pub(crate) fn id_of(name: &str) -> Option<[u8; 16]> {
    if name.len() != 32 || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(name, 16).ok().map(u128::to_be_bytes)
}

fn site_name(page: &Page, sites: &[Named], run: &Run) -> String {
    let id = run.site.map(|site| site.to_string()).unwrap_or_default();
    let found = sites.iter().find(|site| site.id == id);
    found.map_or_else(|| "—".to_owned(), |site| site.name(page.lang).to_owned())
}

fn may_be_undone(run: &Run, now: i64) -> bool {
    match run.state {
        RunState::Done => true,
        RunState::Undone => false,
        // It was interrupted.
        RunState::Writing => run.at < now - 10 * 60_000,
        RunState::Undoing => run.undone_at.is_none_or(|at| at < now - 10 * 60_000),
    }
}

impl ImportsPage {
    fn site(&self, run: &Run) -> String {
        site_name(&self.page, &self.sites, run)
    }
}

impl RunPage {
    fn site(&self) -> String {
        site_name(&self.page, &self.sites, &self.run)
    }

    fn may_be_undone(&self) -> bool {
        may_be_undone(&self.run, self.page.now)
    }
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let before = match asked.before.as_str() {
        "" => None,
        name => Some(id_of(name).ok_or(AppError::BadRequest)?),
    };
    let (mut runs, sites) = app
        .data(move |data| Ok((data.imports(before, ROWS + 1)?, data.sites()?)))
        .await?;
    let more = runs.len() > ROWS as usize;
    runs.truncate(ROWS as usize);
    render(&ImportsPage {
        page: Page::new(&app, &who.visitor, "data", "imports.title").await?,
        next: runs.last().filter(|_| more).map(|run| name_of(&run.id)),
        runs,
        sites,
    })
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(name): Path<String>,
) -> Result<Response, AppError> {
    let id = id_of(&name).ok_or(AppError::NotFound)?;
    let (run, sites) = app
        .data(move |data| Ok((data.import_run(id)?, data.sites()?)))
        .await?;
    // What was brought may be of a kind that a later program knows.
    Kind::from_code(&run.kind).ok_or(AppError::NotFound)?;
    render(&RunPage {
        page: Page::new(&app, &who.visitor, "data", "imports.one").await?,
        run,
        sites,
    })
}

/// The name of the file that an import brought, for whoever has to approve something about it.
pub(super) async fn file_of(app: &AppState, name: String) -> Result<String, AppError> {
    let Some(id) = id_of(&name) else {
        return Ok(name);
    };
    match app.data(move |data| data.import_run(id)).await {
        Ok(run) => Ok(run.file),
        Err(AppError::NotFound) => Ok(name),
        Err(error) => Err(error),
    }
}

pub(crate) async fn undo(
    State(app): State<AppState>,
    who: Supervisor,
    Path(name): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id = id_of(&name).ok_or(AppError::NotFound)?;
    let now = app.now();
    let undone = app
        .data(move |data| data.undo_import(id, &who.user, now))
        .await?;
    let undone = undone.ok_or(AppError::Conflict)?;
    app.committed();
    tracing::info!(
        put_back = undone.put_back,
        left = undone.left,
        "an import was undone"
    );
    Ok(done(&format!("/imports/{name}"), "import-undone"))
}
