//! `/review`: the queue and one exception.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::ExceptionId;
use serde::Deserialize;

use super::address;
use crate::auth::Viewer;
use crate::console::data::{Looking, ReviewFilter, ReviewTab};
use crate::console::page::{Page, render};
use crate::console::view::{ExceptionPageView, Named, ReviewList, Typed};
use crate::error::AppError;
use crate::state::AppState;
use crate::store::accounts::{self, User};

#[derive(Template)]
#[template(path = "review.html")]
struct ReviewPage {
    page: Page,
    list: ReviewList,
    filter: ReviewFilter,
    sites: Vec<Named>,
    fragment: String,
    problem: Option<String>,
    /// How much waits for a second person, as far as the visitor has to do with it.
    requests: usize,
}

#[derive(Template)]
#[template(path = "review_fragment.html")]
struct ReviewFragment {
    page: Page,
    list: ReviewList,
    filter: ReviewFilter,
}

#[derive(Template)]
#[template(path = "exception.html")]
struct ExceptionPage {
    page: Page,
    view: ExceptionPageView,
    problem: Option<String>,
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    assigned: String,
    #[serde(default)]
    days: String,
    #[serde(default)]
    cause: String,
    #[serde(default)]
    after: String,
}

impl Asked {
    pub(super) fn filter(self) -> ReviewFilter {
        ReviewFilter {
            tab: ReviewTab::from_code(&self.tab),
            kind: self.kind,
            severity: self.severity,
            site: self.site,
            device: self.device,
            assigned: self.assigned,
            days: self.days,
            cause: self.cause,
            after: self.after,
        }
    }
}

impl ReviewFilter {
    /// The address of this list; `path`: of the page, or of the part that is asked for again.
    fn address(&self, path: &str, tab: ReviewTab, after: &str) -> String {
        let fields = [
            ("tab", tab.code()),
            ("kind", &self.kind),
            ("severity", &self.severity),
            ("site", &self.site),
            ("device", &self.device),
            ("assigned", &self.assigned),
            ("days", &self.days),
            ("cause", &self.cause),
            ("after", after),
        ];
        let address = address(path, &fields);
        address.trim_end_matches(['?', '&']).to_owned()
    }

    /// The page after this one.
    pub(crate) fn next(&self, after: &str) -> String {
        self.address("/review", self.tab, after)
    }

    /// This list from its beginning.
    pub(crate) fn first(&self) -> String {
        self.address("/review", self.tab, "")
    }

    /// A group of it.
    pub(crate) fn of_cause(&self, cause: &str) -> String {
        let narrowed = Self {
            cause: cause.to_owned(),
            ..Self::default()
        };
        narrowed.address("/review", self.tab, "")
    }

    /// Whether anything but the tab is chosen.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.address("/review", ReviewTab::Open, "") != "/review"
    }
}

pub(super) async fn people(app: &AppState) -> Result<Vec<User>, AppError> {
    app.store(|database| Ok(database.read(accounts::deciding)?))
        .await
}

async fn load(
    app: &AppState,
    user: &User,
    filter: &ReviewFilter,
) -> Result<(ReviewList, Vec<Named>), AppError> {
    let (people, user, filter, now) = (people(app).await?, user.clone(), filter.clone(), app.now());
    app.data(move |data| {
        let looking = Looking {
            user: &user,
            people: &people,
            now,
        };
        Ok((data.review(&filter, &looking)?, data.sites()?))
    })
    .await
}

pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    page_of(&app, &who, asked.filter(), None).await
}

pub(super) async fn page_of(
    app: &AppState,
    who: &Viewer,
    filter: ReviewFilter,
    problem: Option<&str>,
) -> Result<Response, AppError> {
    let (list, sites) = load(app, &who.user, &filter).await?;
    let page = Page::new(app, &who.visitor, "review", "nav.review").await?;
    let mut response = render(&ReviewPage {
        problem: problem.map(|key| page.t(key).to_owned()),
        fragment: filter.address("/review/list", filter.tab, &filter.after),
        page,
        list,
        requests: super::requests::count(app, &who.user).await?,
        filter,
        sites,
    })?;
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The list alone, for pages that are open.
pub(crate) async fn fragment(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Asked>,
) -> Result<Response, AppError> {
    let filter = asked.filter();
    let (list, _) = load(&app, &who.user, &filter).await?;
    let open = list.open;
    let mut response = render(&ReviewFragment {
        page: Page::new(&app, &who.visitor, "review", "nav.review").await?,
        list,
        filter,
    })?;
    response
        .headers_mut()
        .insert("x-open-count", HeaderValue::from(open));
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let id = find(&app, &id).await?;
    one(&app, &who, id, None, Typed::default()).await
}

async fn find(app: &AppState, text: &str) -> Result<ExceptionId, AppError> {
    if let Some(id) = ExceptionId::from_hex(text) {
        return Ok(id);
    }
    let is_prefix = text.len() >= 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_prefix {
        return Err(AppError::NotFound);
    }
    let text = text.to_owned();
    app.data(move |data| data.exception_by_prefix(&text))
        .await?
        .ok_or(AppError::NotFound)
}

async fn one(
    app: &AppState,
    who: &Viewer,
    id: ExceptionId,
    problem: Option<&str>,
    typed: Typed,
) -> Result<Response, AppError> {
    let (people, user, now) = (people(app).await?, who.user.clone(), app.now());
    let mut view = app
        .data(move |data| {
            let looking = Looking {
                user: &user,
                people: &people,
                now,
            };
            data.exception(id, &looking)
        })
        .await?;
    let is_known = view.exception.is_some()
        || view.field.is_some()
        || view.closed.is_some()
        || !view.decisions.is_empty()
        || !view.notes.is_empty();
    if !is_known {
        return Err(AppError::NotFound);
    }
    let mut page = Page::new(app, &who.visitor, "review", "exception.title").await?;
    view.comment.clone_from(&typed.comment);
    if let Some(exception) = &mut view.exception {
        exception.typed = typed;
        page.title = page.tt("kind", exception.kind.code());
    } else if view.field.is_some() {
        page.title = page.t("kind.field-conflict").to_owned();
    }
    render(&ExceptionPage {
        problem: problem.map(|key| page.t(key).to_owned()),
        page,
        view,
    })
}

/// The page of one exception with what has to be put right, and what was typed.
pub(super) async fn again(
    app: &AppState,
    who: Viewer,
    id: ExceptionId,
    problem: &str,
    typed: Typed,
) -> Result<Response, AppError> {
    let mut response = one(app, &who, id, Some(problem), typed).await?;
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_goes_through_an_address() {
        let filter = ReviewFilter {
            tab: ReviewTab::Waiting,
            kind: "negative-stock".into(),
            cause: "code:A&B=1 批".into(),
            ..ReviewFilter::default()
        };
        let address = filter.next("252.17.00");
        let query = address.strip_prefix("/review?").unwrap();
        let asked: Asked = serde_urlencoded::from_str(query).unwrap();
        let again = asked.filter();
        assert_eq!(again.cause, filter.cause);
        assert_eq!((again.tab, again.after.as_str()), (filter.tab, "252.17.00"));
        assert!(filter.is_narrowed() && !ReviewFilter::default().is_narrowed());
    }
}
