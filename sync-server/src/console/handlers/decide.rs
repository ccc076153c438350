//! What is done on `/review`: decisions about one or many, taken back, comments, assignments, values of fields.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::{EventHash, ExceptionId};
use serde::Deserialize;

use super::done;
use super::review::{Asked, again, page_of, people};
use crate::auth::form::Pressed;
use crate::auth::{CsrfForm, Viewer};
use crate::console::data::{Decision, Note};
use crate::console::view::Typed;
use crate::error::AppError;
use crate::state::AppState;

#[derive(Deserialize)]
pub(crate) struct DecisionForm {
    choice: String,
    #[serde(default)]
    note: String,
    seen: String,
    #[serde(default)]
    item: String,
    #[serde(default)]
    bin: String,
    #[serde(default)]
    back: String,
}

/// Only to the queue, as it was narrowed.
fn back_to(address: &str) -> &str {
    if address == "/review" || address.starts_with("/review?") {
        address
    } else {
        "/review"
    }
}

pub(crate) async fn resolve(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<DecisionForm>,
) -> Result<Response, AppError> {
    let id = ExceptionId::from_hex(&id).ok_or(AppError::NotFound)?;
    let (user, now) = (who.user.clone(), app.now());
    let typed = Typed {
        note: form.note.clone(),
        item: form.item.clone(),
        bin: form.bin.clone(),
        ..Typed::default()
    };
    let decision = Decision {
        choice: form.choice,
        note: form.note,
        seen: form.seen,
        item: form.item,
        bin: form.bin,
    };
    let decided = app
        .data(move |data| data.resolve(id, &decision, &user, now))
        .await?;
    match decided {
        Ok(_) => {
            app.committed();
            Ok(done(back_to(&form.back), "resolved"))
        }
        Err(problem) => again(&app, who, id, problem.key(), typed).await,
    }
}

/// A decision about several: fields `pick`, each an exception and what was seen of it.
pub(crate) async fn resolve_many(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, AppError> {
    let field = |name: &str| -> String {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let decision = Decision {
        choice: field("choice"),
        note: field("note"),
        item: field("item"),
        bin: field("bin"),
        ..Decision::default()
    };
    let mut picks = Vec::new();
    for (_, value) in fields.iter().filter(|(key, _)| key == "pick") {
        let (id, seen) = value.split_once(':').ok_or(AppError::BadRequest)?;
        let id = ExceptionId::from_hex(id).ok_or(AppError::BadRequest)?;
        picks.push((id, seen.to_owned()));
    }
    let back = field("back");
    let back = back_to(&back);
    let (user, now) = (who.user.clone(), app.now());
    let problem = if picks.is_empty() {
        "resolve.problem.none-picked"
    } else {
        let decided = app
            .data(move |data| data.resolve_many(&picks, &decision, &user, now))
            .await?;
        match decided {
            Ok((0, _)) => "resolve.problem.none-decided",
            Ok((_, left)) => {
                app.committed();
                let code = if left == 0 {
                    "resolved-many"
                } else {
                    "resolved-some"
                };
                return Ok(done(back, code));
            }
            Err(problem) => problem.key(),
        }
    };
    let query = back.split_once('?').map_or("", |(_, query)| query);
    let asked: Asked = serde_urlencoded::from_str(query).unwrap_or_default();
    page_of(&app, &who, asked.filter(), Some(problem)).await
}

pub(crate) async fn undo(
    State(app): State<AppState>,
    who: Viewer,
    Path(decision): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let decision = EventHash::from_hex(&decision).ok_or(AppError::NotFound)?;
    let now = app.now();
    app.data(move |data| data.undo(decision, &who.user, now))
        .await?;
    app.committed();
    Ok(done("/review", "undone"))
}

#[derive(Deserialize)]
pub(crate) struct UndoForm {
    #[serde(default)]
    back: String,
}

/// Takes back what this person decided last.
pub(crate) async fn undo_last(
    State(app): State<AppState>,
    who: Viewer,
    CsrfForm(form): CsrfForm<UndoForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.data(move |data| data.undo_last(&who.user, now)).await?;
    app.committed();
    Ok(done(back_to(&form.back), "undone"))
}

#[derive(Deserialize)]
pub(crate) struct NoteForm {
    #[serde(default)]
    text: String,
    #[serde(default)]
    assign: String,
    #[serde(default)]
    was_with: String,
}

/// A comment, or whom the exception is given to.
pub(crate) async fn note(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<NoteForm>,
) -> Result<Response, AppError> {
    let id = ExceptionId::from_hex(&id).ok_or(AppError::NotFound)?;
    let (user, people, now) = (who.user.clone(), people(&app).await?, app.now());
    let typed = Typed {
        comment: form.text.clone(),
        ..Typed::default()
    };
    let note = Note {
        text: form.text,
        assign: form.assign,
        was_with: form.was_with,
    };
    let written = app
        .data(move |data| data.note(id, &note, &user, &people, now))
        .await?;
    match written {
        Ok(()) => {
            app.committed();
            Ok(done(&format!("/review/{id}"), "noted"))
        }
        Err(problem) => again(&app, who, id, problem.key(), typed).await,
    }
}

#[derive(Deserialize)]
pub(crate) struct FieldForm {
    record: String,
    path: String,
    value: String,
}

pub(crate) async fn choose_field(
    State(app): State<AppState>,
    _who: Viewer,
    CsrfForm(form): CsrfForm<FieldForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.data(move |data| data.choose_value(&form.record, &form.path, &form.value, now))
        .await?;
    app.committed();
    Ok(done("/review", "field"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_the_queue_only() {
        for (address, expected) in [
            ("/review?tab=waiting", "/review?tab=waiting"),
            ("/review", "/review"),
            ("", "/review"),
            ("https://evil.example/review", "/review"),
            ("//evil.example", "/review"),
            ("/review/../people", "/review"),
            ("/reviewed", "/review"),
        ] {
            assert_eq!(back_to(address), expected);
        }
    }
}
