//! Files in: the same checks as on the console, first dry, then done; and undoing it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::SiteId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::model::Import;
use super::problem::{ApiError, Refusals};
use super::scope::Scope;
use super::take::{ApiPath, ApiQuery, Page, Paging, Reply, id16, limit, once, page};
use super::{Api, ApiResult, BASE};
use crate::auth::visitor::language;
use crate::console::data::Brought;
use crate::console::handlers::imports::{id_of, name_of};
use crate::console::import::{self, Kind, Problem, meanings};
use crate::guard::needs_two;
use crate::i18n::Lang;
use crate::store::imports::Run;

/// Problems that are listed; there may be one on each row.
const PROBLEMS_MAX: usize = 1_000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// What the file holds.
    #[param(inline)]
    kind: ImportKind,
    /// Id of the site; needed for all but items.
    #[param(value_type = Option<Uuid>)]
    #[serde(default)]
    site: Option<SiteId>,
    /// Only say what would be done.
    #[param(default = false)]
    #[serde(default)]
    dry_run: bool,
    /// What the file is called.
    #[param(max_length = 200)]
    #[serde(default)]
    name: Option<String>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ImportKind {
    Customers,
    Items,
    Bins,
    Stock,
    Deliveries,
    Outbound,
    Transfers,
    Counts,
}

impl ImportKind {
    const fn kind(self) -> Kind {
        match self {
            Self::Customers => Kind::Customers,
            Self::Items => Kind::Items,
            Self::Bins => Kind::Bins,
            Self::Stock => Kind::Stock,
            Self::Deliveries => Kind::Deliveries,
            Self::Outbound => Kind::Outbound,
            Self::Transfers => Kind::Transfers,
            Self::Counts => Kind::Counts,
        }
    }
}

/// What is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RowProblem {
    /// Line of the file, the heading included.
    line: u64,
    /// Heading of the column; empty: the row as a whole.
    column: String,
    /// What stands there.
    value: String,
    /// What is wrong, in words.
    detail: String,
}

/// What an import would do, or did.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Outcome {
    /// Id of the import; null on a dry run.
    #[schema(required = true)]
    import: Option<String>,
    /// Records or events that are new.
    new: u64,
    /// Records that change.
    changed: u64,
    /// Records that are so already.
    same: u64,
    /// Rows that are left out.
    left_out: u64,
    /// Headings that mean nothing here.
    ignored: Vec<String>,
    /// What is wrong with them; the first thousand.
    problems: Vec<RowProblem>,
}

fn row_problem(lang: Lang, problem: &Problem) -> RowProblem {
    let heading = |c: import::Column| c.heading(lang == Lang::Zh).to_owned();
    RowProblem {
        line: problem.line,
        column: problem.column.map(heading).unwrap_or_default(),
        value: problem.value.chars().take(200).collect(),
        detail: lang.t(problem.key).to_owned(),
    }
}

/// Imports a file, CSV or XLSX, under the headings of the console's templates, or those whose meaning was said there. Rows
/// that cannot be taken are left out and listed; an order is taken whole or not at all.
#[utoipa::path(post, path = "/imports", tag = "imports", operation_id = "import",
    params(Asked,
        ("Idempotency-Key" = Option<String>, Header, description = "Names this request: it may be repeated")),
    request_body(content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
    responses((status = 200, description = "What would be done (dry run)", body = Outcome),
        (status = 201, description = "What was done", body = Outcome, headers(("Location" = String))), Refusals))]
pub(super) async fn bring(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    caller.may(Scope::ImportsWrite)?;
    let kind = asked.kind.kind();
    let site = match asked.site {
        _ if !kind.is_of_a_site() => {
            caller.everywhere()?;
            None
        }
        Some(site) => {
            caller.at(site)?;
            super::orders::known_site(&api, site).await?;
            Some(site)
        }
        None => return Err(ApiError::new("bad-query").at("site", "import.problem.empty")),
    };
    let name = asked.name.unwrap_or_default();
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(ApiError::new("bad-query").at("name", "api.wrong.text"));
    }
    let lang = language(&headers);
    let said = format!("import {} {site:?} {} {name}", kind.code(), asked.dry_run);
    once(&api, &caller, &headers, &[said.as_bytes(), &body], async {
        let (user, now, file) = (caller.user(), api.app.now(), body.clone());
        let (reading, outcome, run) = api
            .app
            .data(move |data| {
                let said = meanings(data.meanings(kind)?, kind);
                let reading = match import::read(&file, kind, &said) {
                    Ok(reading) => reading,
                    Err(problem) => return Ok(Err(problem)),
                };
                if asked.dry_run {
                    let outcome = data.check_import(&reading.rows, site, now)?;
                    return Ok(Ok((reading, outcome, None)));
                }
                let brought = Brought {
                    kind,
                    site,
                    file: &name,
                    left_out: reading.problems.len(),
                    user: &user,
                };
                let (outcome, run) = data.import(&reading.rows, brought, now)?;
                Ok(Ok((reading, outcome, Some(name_of(&run)))))
            })
            .await?
            .map_err(|problem| {
                let column = problem.column().map(|c| c.heading(lang == Lang::Zh));
                let words = lang.fill(problem.key(), &[("column", column.unwrap_or_default())]);
                ApiError::invalid("", words)
            })?;
        if run.is_some() {
            api.app.committed();
        }
        let mut problems = outcome.problems;
        problems.extend(reading.problems);
        problems.sort_by_key(|problem| problem.line);
        let shown = Outcome {
            new: outcome.new,
            changed: outcome.changed,
            same: outcome.same,
            left_out: problems.len() as u64,
            ignored: reading.ignored,
            problems: problems
                .iter()
                .take(PROBLEMS_MAX)
                .map(|problem| row_problem(lang, problem))
                .collect(),
            import: run,
        };
        let at = shown.import.as_ref();
        let at = at.map(|id| format!("{BASE}/imports/{id}"));
        let status = match at {
            Some(_) => StatusCode::CREATED,
            None => StatusCode::OK,
        };
        Ok(Reply::plain(status, &shown, at))
    })
    .await
}

fn reached(caller: &Caller, run: &Run) -> bool {
    match run.site {
        Some(site) => caller.reaches(site),
        None => caller.everywhere().is_ok(),
    }
}

async fn find(api: &Api, caller: &Caller, name: &str) -> Result<Run, ApiError> {
    let id = id_of(name).ok_or_else(|| ApiError::new("not-found"))?;
    let run = api.app.data(move |data| data.import_run(id)).await?;
    match reached(caller, &run) {
        true => Ok(run),
        false => Err(ApiError::new("site-not-allowed")),
    }
}

/// Imports, the latest first. Keys of single sites see those of their sites, so that a page may have fewer rows.
#[utoipa::path(get, path = "/imports", tag = "imports", operation_id = "listImports", params(Paging),
    responses((status = 200, description = "A page of imports", body = Page<Import>), Refusals))]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(asked): ApiQuery<Paging>,
) -> ApiResult<Page<Import>> {
    caller.may(Scope::ImportsRead)?;
    let limit = limit(asked.limit)?;
    const LIST: &str = "imports";
    let before = match &asked.cursor {
        None => None,
        Some(cursor) => Some(id16(&api.cursors.read(LIST, cursor)?)?),
    };
    let runs = api
        .app
        .data(move |data| data.imports(before, limit + 1))
        .await?;
    let place = |run: &Run| run.id.to_vec();
    let Json(all) = page(&api, LIST, runs, limit, place, |run| run);
    let seen = all.items.into_iter().filter(|run| reached(&caller, run));
    Ok(Json(Page {
        items: seen.map(Import::from).collect(),
        next: all.next,
    }))
}

/// One import.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", operation_id = "getImport",
    params(("id" = String, Path, description = "Id of the import: 32 hexadecimal digits")),
    responses((status = 200, description = "The import", body = Import), Refusals))]
pub(super) async fn show(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(id): ApiPath<String>,
) -> ApiResult<Import> {
    caller.may(Scope::ImportsRead)?;
    Ok(Json(find(&api, &caller, &id).await?.into()))
}

/// Undoes an import wherever nobody has changed what it wrote since. Again it is refused.
#[utoipa::path(post, path = "/imports/{id}/undo", tag = "imports", operation_id = "undoImport",
    params(("id" = String, Path, description = "Id of the import: 32 hexadecimal digits")),
    responses((status = 200, description = "The import, with what was left as it is", body = Import), Refusals))]
pub(super) async fn undo(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(name): ApiPath<String>,
) -> ApiResult<Import> {
    caller.may(Scope::ImportsWrite)?;
    let run = find(&api, &caller, &name).await?;
    if needs_two(&api.app, "data.undo").await? {
        return Err(ApiError::new("needs-two"));
    }
    let (user, now, id) = (caller.user(), api.app.now(), run.id);
    let undone = api
        .app
        .data(move |data| data.undo_import(id, &user, now))
        .await?;
    if undone.is_none() {
        return Err(ApiError::new("conflict"));
    }
    api.app.committed();
    Ok(Json(find(&api, &caller, &name).await?.into()))
}
