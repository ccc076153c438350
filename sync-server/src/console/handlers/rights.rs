//! `/people/{id}/rights`: what somebody may do on handhelds.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::OperatorId;
use domain::rights::Action;
use serde::Deserialize;

use super::done;
use crate::auth::{CsrfForm, Supervisor, Visitor};
use crate::console::data::{TypedGrant, posts};
use crate::console::page::{Page, render};
use crate::console::view::{Named, RightsView};
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "rights.html")]
struct RightsPage {
    page: Page,
    rights: RightsView,
    typed: TypedGrant,
    posts: Vec<String>,
    actions: Vec<&'static str>,
    sites: Vec<Named>,
    problem: Option<String>,
}

/// `typed`: what to fill in; else what is granted now.
async fn page(
    app: &AppState,
    visitor: &Visitor,
    id: OperatorId,
    typed: Option<TypedGrant>,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let (rights, sites) = app
        .data(move |data| Ok((data.rights(id)?, data.sites()?)))
        .await?;
    let page = Page::new(app, visitor, "people", "rights.title").await?;
    let typed = typed.unwrap_or_else(|| TypedGrant::of(&rights.grant, page.zone));
    let mut response = render(&RightsPage {
        page,
        rights,
        typed,
        posts: posts()?.into_iter().map(|post| post.post).collect(),
        actions: Action::ALL.iter().map(|action| action.code()).collect(),
        sites,
        problem: problem.map(|key| visitor.lang.t(key).to_owned()),
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

#[derive(Deserialize)]
pub(crate) struct FillIn {
    #[serde(default)]
    post: String,
}

/// What is granted now, or what a post would grant in its place.
pub(crate) async fn show(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    Query(asked): Query<FillIn>,
) -> Result<Response, AppError> {
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let post = posts()?.into_iter().find(|post| post.post == asked.post);
    let Some(post) = post else {
        return page(&app, &who.visitor, id, None, None).await;
    };
    let (zone, rights) = app
        .data(move |data| Ok((data.zone()?, data.rights(id)?)))
        .await?;
    let typed = TypedGrant::of(&rights.grant, zone).filled_in(&post, zone);
    page(&app, &who.visitor, id, Some(typed), None).await
}

pub(crate) async fn submit(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let id: OperatorId = id.parse().map_err(|_| AppError::NotFound)?;
    let typed = TypedGrant::from_fields(fields);
    let (zone, now) = (app.data(|data| data.zone()).await?, app.now());
    let grant = match typed.grant(zone, now) {
        Ok(grant) => grant,
        Err(problem) => return page(&app, &who.visitor, id, Some(typed), Some(problem)).await,
    };
    let asked = grant.clone();
    if !app.data(move |data| data.may_grant(id, &asked)).await? {
        let problem = Some("rights.beyond-scope");
        return page(&app, &who.visitor, id, Some(typed), problem).await;
    }
    app.data(move |data| data.grant(id, &grant, now)).await?;
    app.committed();
    Ok(done("/people", "saved"))
}
