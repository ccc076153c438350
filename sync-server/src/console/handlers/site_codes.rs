//! `GET|POST /sites/{id}/codes`: which code means what at a site. `POST /sites/{id}/codes/try`: what a code would mean.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use documents::code_patterns::CODE_PATTERNS_MAX;
use scan::pattern::{CODE_MAX, PATTERN_MAX, Pattern, PatternError, first_fit};
use serde::Deserialize;

use super::done;
use super::known_site::known_site;
use crate::auth::{Admin, CsrfForm, Visitor};
use crate::console::page::{Page, render};
use crate::console::view::Named;
use crate::error::AppError;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "site_codes.html")]
struct CodesPage {
    page: Page,
    site: Named,
    /// The patterns as they were typed, one a line.
    patterns: String,
    problem: Option<Problem>,
    /// The code that was tried.
    code: String,
    tried: Option<Tried>,
    code_max: usize,
}

/// What is wrong with a line, counted from 1.
struct Problem {
    line: usize,
    /// Words `site-codes.problem.…`.
    words: String,
    /// Where in the line, counted from 1; 0 for the whole of it.
    at: usize,
}

/// What a code means by the patterns.
enum Tried {
    /// The pattern, and name and text of each part.
    Fits {
        pattern: String,
        parts: Vec<(&'static str, String)>,
    },
    FitsNone,
}

#[derive(Deserialize)]
pub(crate) struct CodesForm {
    #[serde(default)]
    patterns: String,
    #[serde(default)]
    code: String,
}

impl CodesForm {
    fn lines(&self) -> Vec<String> {
        let lines = self
            .patterns
            .lines()
            .map(|line| line.trim_end_matches('\r'));
        let lines = lines.filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned).collect()
    }

    /// The patterns, or the first line that is none.
    fn compiled(&self) -> Result<Vec<Pattern>, Problem> {
        let lines = self.lines();
        if lines.len() > CODE_PATTERNS_MAX {
            return Err(Problem {
                line: CODE_PATTERNS_MAX + 1,
                words: "site-codes.problem.too-many".to_owned(),
                at: 0,
            });
        }
        let compiled = lines.iter().zip(1..).map(|(line, number)| {
            Pattern::compile(line).map_err(|error| Problem {
                line: number,
                words: format!("site-codes.problem.{}", error.code()),
                at: place(&error),
            })
        });
        compiled.collect()
    }
}

/// Where in its line a pattern is wrong, counted from 1; 0 for the whole of it.
fn place(error: &PatternError) -> usize {
    match error {
        PatternError::Open { at }
        | PatternError::Stray { at }
        | PatternError::UnknownPart { at, .. }
        | PatternError::BadDetail { at, .. }
        | PatternError::BadDay { at }
        | PatternError::Repeated { at, .. } => at + 1,
        PatternError::Empty | PatternError::TooLong | PatternError::NamesNothing => 0,
    }
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    site: Named,
    form: CodesForm,
    problem: Option<Problem>,
    tried: Option<Tried>,
) -> Result<Response, AppError> {
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let mut response = render(&CodesPage {
        page: Page::new(app, visitor, "data", "site-codes.title").await?,
        site,
        patterns: form.patterns,
        problem,
        code: form.code,
        tried,
        code_max: CODE_MAX,
    })?;
    *response.status_mut() = status;
    Ok(response)
}

pub(crate) async fn show(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let (site, named) = known_site(&app, &id).await?;
    let lines = app.data(move |data| data.code_patterns(site)).await?;
    let form = CodesForm {
        patterns: lines.join("\n"),
        code: String::new(),
    };
    page(&app, &who.visitor, named, form, None, None).await
}

pub(crate) async fn save(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<CodesForm>,
) -> Result<Response, AppError> {
    let (site, named) = known_site(&app, &id).await?;
    if let Err(problem) = form.compiled() {
        return page(&app, &who.visitor, named, form, Some(problem), None).await;
    }
    let (lines, now) = (form.lines(), app.now());
    app.data(move |data| data.set_code_patterns(site, &lines, now))
        .await?;
    app.committed();
    Ok(done(&format!("/sites/{site}/codes"), "codes"))
}

/// Nothing is written.
pub(crate) async fn try_code(
    State(app): State<AppState>,
    who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<CodesForm>,
) -> Result<Response, AppError> {
    let (_, named) = known_site(&app, &id).await?;
    let patterns = match form.compiled() {
        Ok(patterns) => patterns,
        Err(problem) => return page(&app, &who.visitor, named, form, Some(problem), None).await,
    };
    let year = chrono::DateTime::from_timestamp_millis(app.now()).unwrap_or_default();
    let fitted = first_fit(&patterns, form.code.trim(), chrono::Datelike::year(&year));
    let tried = match fitted {
        Some((place, fitted)) => Tried::Fits {
            pattern: patterns[place].source().to_owned(),
            parts: fitted
                .parts
                .iter()
                .map(|(part, text)| match (part, fitted.expiry) {
                    (scan::pattern::Part::Expiry, Some(day)) => (part.code(), day.to_string()),
                    _ => (part.code(), text.clone()),
                })
                .collect(),
        },
        None => Tried::FitsNone,
    };
    page(&app, &who.visitor, named, form, None, Some(tried)).await
}

/// Characters that the field of the patterns takes.
pub(crate) const fn patterns_max() -> usize {
    (PATTERN_MAX + 2) * CODE_PATTERNS_MAX
}
