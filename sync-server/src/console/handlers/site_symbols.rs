//! `GET|POST /sites/{id}/symbologies`: which symbologies a site's cameras read, everywhere or in one operation.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use documents::camera_reads::CameraReads;
use domain::rights::Action;
use scan::{ADD_ON, ReaderSettings, Symbology};
use serde::Deserialize;

use super::done;
use super::known_site::known_site;
use crate::auth::{Admin, CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;

/// Work in which codes are scanned; each may have a choice of its own.
const OPERATIONS: [Action; 14] = [
    Action::Receive,
    Action::PutAway,
    Action::Move,
    Action::Replenish,
    Action::Pick,
    Action::Pack,
    Action::Issue,
    Action::Count,
    Action::Return,
    Action::Adjust,
    Action::Inspect,
    Action::HandOver,
    Action::Deposit,
    Action::Release,
];

/// Codes with bars of one row, codes that are squares or stacks of rows, and what cut-off or short codes are
/// easily taken for.
const GROUPS: [(&str, &[Symbology]); 3] = [
    (
        "bars",
        &[
            Symbology::Ean13,
            Symbology::Ean8,
            Symbology::UpcA,
            Symbology::Code128,
            Symbology::Gs1_128,
            Symbology::Code39,
            Symbology::Code93,
            Symbology::Itf14,
            Symbology::Codabar,
            Symbology::DataBar,
            Symbology::DataBarExpanded,
            Symbology::Telepen,
        ],
    ),
    (
        "squares",
        &[
            Symbology::Qr,
            Symbology::Gs1Qr,
            Symbology::DataMatrix,
            Symbology::Gs1DataMatrix,
            Symbology::Pdf417,
            Symbology::Aztec,
            Symbology::MicroQr,
            Symbology::RectangularMicroQr,
            Symbology::MicroPdf417,
            Symbology::MaxiCode,
        ],
    ),
    ("doubtful", &[Symbology::UpcE, Symbology::Itf]),
];

#[derive(Template)]
#[template(path = "site_symbols.html")]
struct SymbolsPage {
    page: Page,
    site: Named,
    /// The operation that the choice is for; none: everywhere.
    operation: Option<&'static str>,
    /// Operations, and whether each has a choice of its own.
    operations: Vec<(&'static str, bool)>,
    /// Whether somebody chose here, rather than everywhere or nobody.
    is_own: bool,
    groups: Vec<Group>,
    add_ons: bool,
    problem: Option<&'static str>,
}

impl SymbolsPage {
    fn is_for(&self, operation: &str) -> bool {
        self.operation == Some(operation)
    }
}

struct Group {
    words: &'static str,
    /// Code, and whether it is read.
    symbols: Vec<(&'static str, bool)>,
}

#[derive(Deserialize)]
pub(crate) struct OperationQuery {
    #[serde(default)]
    operation: String,
}

/// The operation with this code; none for the empty one, which stands for everywhere.
fn operation(code: &str) -> Result<Option<&'static str>, AppError> {
    if code.is_empty() {
        return Ok(None);
    }
    let known = OPERATIONS.map(Action::code).into_iter();
    let known = known.into_iter().find(|known| *known == code);
    known.map(Some).ok_or(AppError::NotFound)
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    site: Named,
    reads: &CameraReads,
    operation: Option<&'static str>,
    problem: Option<&'static str>,
) -> Result<Response, AppError> {
    let codes = reads.in_operation(operation).iter().map(String::as_str);
    let settings = ReaderSettings::of_codes(codes);
    let group = |(words, symbols): (&'static str, &[Symbology])| {
        let read = |symbol: &Symbology| (symbol.code(), settings.symbologies.contains(symbol));
        Group {
            words,
            symbols: symbols.iter().map(read).collect(),
        }
    };
    let has_own = |code: &'static str| (code, reads.operations.contains_key(code));
    let mut response = render(&SymbolsPage {
        page: Page::new(app, visitor, "data", "symbols.title").await?,
        site,
        operation,
        operations: OPERATIONS.map(Action::code).map(has_own).into(),
        is_own: match operation {
            None => !reads.everywhere.is_empty(),
            Some(operation) => reads.operations.contains_key(operation),
        },
        groups: GROUPS.map(group).into(),
        add_ons: settings.add_ons,
        problem,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    Query(query): Query<OperationQuery>,
) -> Result<Response, AppError> {
    let (site, named) = known_site(&app, &id).await?;
    let operation = operation(&query.operation)?;
    let reads = app.data(move |data| data.camera_reads(site)).await?;
    page(&app, &who.visitor, named, &reads, operation, None).await
}

/// What was ticked, as `read` for each symbology; `shared` takes the choice back.
struct Ticked {
    operation: Option<&'static str>,
    codes: Vec<String>,
    is_shared: bool,
}

impl Ticked {
    fn of(fields: Vec<(String, String)>) -> Result<Self, AppError> {
        let mut ticked = Self {
            operation: None,
            codes: Vec::new(),
            is_shared: false,
        };
        for (name, value) in fields {
            match name.as_str() {
                "operation" => ticked.operation = operation(&value)?,
                "read" if value == ADD_ON || is_offered(&value) => ticked.codes.push(value),
                "read" => return Err(AppError::BadRequest),
                "shared" => ticked.is_shared = true,
                _ => {}
            }
        }
        Ok(ticked)
    }
}

fn is_offered(code: &str) -> bool {
    let symbology = Symbology::from_code(code);
    symbology.is_some_and(|s| GROUPS.iter().any(|(_, symbols)| symbols.contains(&s)))
}

pub(crate) async fn save(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let (site, named) = known_site(&app, &id).await?;
    let ticked = Ticked::of(fields)?;
    let mut reads = app.data(move |data| data.camera_reads(site)).await?;
    let reads_nothing = ticked.codes.iter().all(|code| code == ADD_ON);
    if reads_nothing && !ticked.is_shared {
        let problem = Some("symbols.nothing");
        return page(&app, &who.visitor, named, &reads, ticked.operation, problem).await;
    }
    let codes = if ticked.is_shared {
        Vec::new()
    } else {
        ticked.codes
    };
    reads.set(ticked.operation, codes);
    let now = app.now();
    app.data(move |data| data.set_camera_reads(site, &reads, now))
        .await?;
    app.committed();
    let path = format!("/sites/{site}/symbologies");
    let path = match ticked.operation {
        Some(operation) => format!("{path}?operation={operation}"),
        None => path,
    };
    Ok(done(&path, "codes"))
}
