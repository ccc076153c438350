//! `/custody/people/{id}`: a customer as a person, and their erasure.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::CustomerId;

use super::{done, id_of, with_problem};
use crate::auth::form::Pressed;
use crate::auth::{CsrfForm, Viewer, Visitor};
use crate::console::data::CustodyProblem;
use crate::console::page::{Page, render};
use crate::console::view::{DepositLine, PersonView};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    person: PersonView,
    lines: Vec<DepositLine>,
    problem: Option<String>,
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    id: CustomerId,
    problem: Option<CustodyProblem>,
) -> Result<Response, AppError> {
    let now = app.now();
    let (person, lines) = app.data(move |data| data.person_view(id, now)).await?;
    let page = Page::new(app, visitor, "custody", "custody.person").await?;
    with_problem(problem.map(CustodyProblem::key), page.lang, |problem| {
        render(&PersonPage {
            page,
            person,
            lines,
            problem,
        })
    })
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id: CustomerId = id_of(&id)?;
    page(&app, &who.visitor, id, None).await
}

pub(crate) async fn erase(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id: CustomerId = id_of(&id)?;
    let now = app.now();
    let erased = app.data(move |data| data.erase_person(id, now)).await?;
    match erased {
        Ok(()) => {
            app.committed();
            Ok(done(&format!("/custody/people/{id}"), "erased"))
        }
        Err(problem) => page(&app, &who.visitor, id, Some(problem)).await,
    }
}
