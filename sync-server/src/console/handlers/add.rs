//! `/data/add/{kind}`: one item, bin, order or receipt by hand. What is typed is read as a file with these rows would be, so
//! that the same rules hold.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::done;
use super::import::may_bring;
use crate::auth::{CsrfForm, Supervisor, Visitor};
use crate::console::by_value::ByValue;
use crate::console::data::Brought;
use crate::console::import::{
    Column, Kind, Problem, Typed, columns, parse, repeated, required, typed_sheet,
};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::i18n::Lang;
use crate::state::AppState;

/// Lines of an order that can be typed at once.
const LINES: usize = 10;

#[derive(Template)]
#[template(path = "add.html")]
struct AddPage {
    page: Page,
    kind: Kind,
    sites: Vec<Named>,
    site: String,
    typed: Typed,
    lines: usize,
    problems: Vec<Problem>,
}

impl AddPage {
    /// Columns that stand once, or on every line.
    fn columns(&self, on_lines: bool) -> Vec<Column> {
        let of = columns(self.kind).iter().copied();
        of.filter(|column| repeated(self.kind).contains(column) == on_lines)
            .collect()
    }

    fn heading(&self, column: &Column) -> &'static str {
        column.heading(self.page.lang == Lang::Zh)
    }

    fn is_needed(&self, column: &Column) -> bool {
        required(self.kind).contains(column)
    }

    fn value(&self, column: &Column, line: impl ByValue<usize>) -> &str {
        self.typed.get(*column, line.value())
    }

    /// What is wrong with a cell; lines count from 0, as they are typed.
    fn problem(&self, column: &Column, line: impl ByValue<usize>) -> Option<&str> {
        let line = line.value() as u64 + 2;
        let on_line = |p: &&Problem| p.column == Some(*column) && p.line == line;
        let found = self.problems.iter().find(on_line);
        found.map(|problem| self.page.t(problem.key))
    }

    fn input_type(&self, column: &Column) -> &'static str {
        match column {
            Column::Due | Column::Expiry => "date",
            _ => "text",
        }
    }
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    kind: Kind,
    site: String,
    typed: Typed,
    problems: Vec<Problem>,
) -> Result<Response, AppError> {
    let status = match problems.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let title = format!("add.{}", kind.code());
    let mut response = render(&AddPage {
        page: Page::new(app, visitor, "data", &title).await?,
        kind,
        sites: match kind {
            _ if !kind.is_of_a_site() => Vec::new(),
            _ => app.data(|data| data.sites()).await?,
        },
        site,
        typed,
        lines: LINES,
        problems,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Supervisor,
    Path(kind): Path<String>,
) -> Result<Response, AppError> {
    let kind = Kind::from_code(&kind).ok_or(AppError::NotFound)?;
    may_bring(kind, &who.user)?;
    page(
        &app,
        &who.visitor,
        kind,
        String::new(),
        Typed::default(),
        Vec::new(),
    )
    .await
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Supervisor,
    Path(kind): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let kind = Kind::from_code(&kind).ok_or(AppError::NotFound)?;
    may_bring(kind, &who.user)?;
    let (mut typed, mut site) = (Typed::default(), String::new());
    for (name, value) in fields {
        match name.as_str() {
            "site" => site = value,
            name => typed.put(name, value),
        }
    }
    let sheet = typed_sheet(&typed, kind, LINES);
    let (rows, mut problems) = parse(&sheet, kind);
    let (asked, user, now) = (site.clone(), who.user.clone(), app.now());
    if problems.is_empty() {
        problems = app
            .data(move |data| {
                let site = match kind {
                    _ if !kind.is_of_a_site() => None,
                    _ => Some(data.site_or_first(&asked)?),
                };
                let mut outcome = data.check_import(&rows, site, now)?;
                let undecided = outcome.doubts.iter().map(|_| {
                    let key = "import.problem.person-undecided";
                    Problem::cell(2, Column::PersonName, key, "")
                });
                outcome.problems.extend(undecided);
                if !outcome.problems.is_empty() || outcome.new == 0 {
                    let taken = Problem::cell(2, Column::name_of(kind), "import.problem.taken", "");
                    return Ok(match outcome.problems.is_empty() {
                        true => vec![taken],
                        false => outcome.problems,
                    });
                }
                let brought = Brought {
                    kind,
                    site,
                    file: "",
                    left_out: 0,
                    user: &user,
                };
                data.import(&rows, brought, now)?;
                Ok(Vec::new())
            })
            .await?;
    }
    if !problems.is_empty() {
        return page(&app, &who.visitor, kind, site, typed, problems).await;
    }
    app.committed();
    Ok(done(&format!("/data/add/{}", kind.code()), "added"))
}
