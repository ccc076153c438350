//! What supervisors say about an exception, and whom they give it to: events, so that nobody overwrites anybody.

use domain::event::{Assignment, EventBody, ReviewNote};
use domain::{ExceptionId, ItemId, OperatorId, SiteId, UnixMillis};
use replica::{Commit, Query};

use super::ConsoleData;
use super::fields::{conflict_with_id, site_of};
use super::names::Names;
use super::resolve::{about, operator_edit};
use crate::console::view::{Named, NoteView};
use crate::error::AppError;
use crate::store::accounts::User;

/// A comment is at most so long, in characters.
pub(super) const TEXT_MAX: usize = 2_000;

/// A comment, an assignment, or both.
#[derive(Debug, Clone, Default)]
pub struct Note {
    /// In the supervisor's words.
    pub text: String,
    /// Operator id of whom to give it to; `none`: to nobody; empty: it stays with whom it is.
    pub assign: String,
    /// Operator id of whom it was with when the page was shown; empty: nobody.
    pub was_with: String,
}

/// What a person can put right about a note; each has words under `note.problem.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteProblem {
    /// It says nothing.
    Empty,
    /// It is longer than fits.
    TooLong,
    /// Somebody gave the exception to somebody else meanwhile.
    GivenAway,
    /// There is no such person.
    NoSuchPerson,
    /// The exception is there no more.
    Gone,
}

impl NoteProblem {
    /// Key of its words.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Empty => "note.problem.empty",
            Self::TooLong => "note.problem.too-long",
            Self::GivenAway => "note.problem.given-away",
            Self::NoSuchPerson => "note.problem.no-person",
            Self::Gone => "note.problem.gone",
        }
    }
}

impl ConsoleData {
    /// Puts a note to an exception. `people`: whom it may be given to.
    ///
    /// # Errors
    /// Those of the replica. What a person can put right is the inner result; nothing was written then.
    pub fn note(
        &self,
        id: ExceptionId,
        note: &Note,
        user: &User,
        people: &[User],
        now: UnixMillis,
    ) -> Result<Result<(), NoteProblem>, AppError> {
        let text = note.text.trim();
        if text.is_empty() && note.assign.is_empty() {
            return Ok(Err(NoteProblem::Empty));
        }
        if text.chars().count() > TEXT_MAX {
            return Ok(Err(NoteProblem::TooLong));
        }
        self.must_see(|q| {
            Ok(match q.exception(id)? {
                Some(_) => Some(()),
                None => conflict_with_id(q, id)?.map(|_| ()),
            })
        })?;
        // The writer is held from the look to the commit, and has read what other nodes wrote.
        let mut replica = self.writer_at(now)?;
        let query = replica.query();
        let Some((site, about)) = noted_about(&query, id)? else {
            return Ok(Err(NoteProblem::Gone));
        };
        let mut edits: Vec<_> = operator_edit(&query, user)?.into_iter().collect();
        let assigned = match note.assign.as_str() {
            "" => None,
            "none" => Some(Assignment { to: None }),
            id => {
                let Some(person) = people.iter().find(|p| p.operator.to_string() == id) else {
                    return Ok(Err(NoteProblem::NoSuchPerson));
                };
                if person.operator != user.operator {
                    edits.extend(operator_edit(&query, person)?);
                }
                Some(Assignment {
                    to: Some(person.operator),
                })
            }
        };
        if assigned.is_some() {
            let (with, _) = self.names(&query).head(id)?;
            let with = with.map(|who| who.to_string()).unwrap_or_default();
            if with != note.was_with {
                return Ok(Err(NoteProblem::GivenAway));
            }
        }
        let body = EventBody::Noted(ReviewNote {
            exception: id,
            about,
            text: text.to_owned(),
            assigned,
        });
        let commit = Commit {
            keys: Vec::new(),
            operator: Some(user.operator),
            site: Some(site),
            events: vec![body.into()],
            edits,
            draft: None,
        };
        replica.commit(commit, now)?;
        Ok(Ok(()))
    }
}

/// In which site's log it is said what is said about an exception or a field, and what that is about.
fn noted_about(query: &Query<'_>, id: ExceptionId) -> Result<Option<(SiteId, String)>, AppError> {
    if let Some(exception) = query.exception(id)? {
        return Ok(Some((exception.finding.site, about(&exception.finding))));
    }
    let Some(row) = conflict_with_id(query, id)? else {
        return Ok(None);
    };
    let site = site_of(query, &row)?;
    let about = format!("field-conflict {}", ItemId::from_bytes(row.record.0));
    Ok(site.map(|site| (site, about)))
}

impl Names<'_> {
    /// Whom an exception or a field was last given to, and how many notes about it have words.
    pub(super) fn head(&self, id: ExceptionId) -> Result<(Option<OperatorId>, u64), AppError> {
        let (mut with, mut words) = (None, 0);
        for row in self.query.notes(id)? {
            if let EventBody::Noted(note) = &row.placed.event.record.body {
                if let Some(assignment) = note.assigned {
                    with = assignment.to;
                }
                words += u64::from(!note.text.is_empty());
            }
        }
        Ok((with, words))
    }

    /// What was said about an exception, the oldest first.
    pub(super) fn notes(&self, id: ExceptionId) -> Result<Vec<NoteView>, AppError> {
        let mut notes = Vec::new();
        for row in self.query.notes(id)? {
            let EventBody::Noted(note) = &row.placed.event.record.body else {
                continue;
            };
            let assigned = match note.assigned {
                None => None,
                Some(Assignment { to: None }) => Some(None),
                Some(Assignment { to: Some(to) }) => Some(Some(self.operator(to)?)),
            };
            notes.push(NoteView {
                text: note.text.clone(),
                assigned,
                event: self.event(&row)?,
            });
        }
        Ok(notes)
    }

    /// A console user as an operator.
    pub(super) fn person(&self, user: &User) -> Named {
        super::names::called(user.operator.to_string(), &user.name)
    }
}
