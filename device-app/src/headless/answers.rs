//! What a line is answered with.

use serde_json::{Value, json};

use super::Driver;
use crate::view::{Connection, Message, Outcome, Screen, View};

pub(super) fn message(message: &Message) -> Value {
    json!({"code": message.code, "args": message.args})
}

pub(super) fn screen_code(screen: &Screen) -> &'static str {
    match screen {
        Screen::Enrol(_) => "enrol",
        Screen::SignIn(view) if view.approval.is_some() => "approval",
        Screen::SignIn(_) => "sign-in",
        Screen::Home(_) => "home",
        Screen::Task(_) => "task",
        Screen::LookUp(_) => "look-up",
        Screen::History(_) => "history",
        Screen::Sync(_) => "sync",
        Screen::Nearby(_) => "nearby",
        Screen::Scanner(_) => "scanner",
        Screen::Settings(_) => "settings",
        Screen::Printing(_) => "printing",
        Screen::Signing(_) => "signing",
        Screen::Receipt(_) => "receipt",
        Screen::Gallery => "gallery",
        Screen::Locked(_) => "locked",
        Screen::Stopped(_) => "stopped",
    }
}

fn connection_code(connection: Connection) -> &'static str {
    match connection {
        Connection::Offline => "offline",
        Connection::Online => "online",
        Connection::Syncing => "syncing",
        Connection::StayOffline => "stay-offline",
    }
}

fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Attention => "attention",
        Outcome::Refused => "refused",
    }
}

/// What there is to say about the state after a line. `since`: the number of the last feedback before it.
fn state(view: &View, since: Option<u32>) -> Value {
    let feedback = view.feedback.as_ref().filter(|f| Some(f.number) != since);
    let mut state = json!({
        "ok": feedback.is_none_or(|f| f.outcome != Outcome::Refused),
        "screen": screen_code(&view.screen),
        "operator": view.operator,
        "feedback": feedback.map(|f| json!({
            "outcome": outcome_code(f.outcome),
            "code": f.message.code,
            "args": f.message.args,
        })),
        "question": view.question.as_ref().map(|q| message(&q.message)),
        "banner": view.banner.as_ref().map(|b| b.code.clone()),
        "waiting": view.chip.waiting,
        "connection": connection_code(view.chip.connection),
    });
    if let (Screen::Receipt(receipt), Value::Object(fields)) = (&view.screen, &mut state) {
        fields.insert("receipt".to_owned(), receipt.text.clone().into());
    }
    if let (Screen::Task(task), Value::Object(fields)) = (&view.screen, &mut state) {
        fields.insert("operation".to_owned(), task.operation.clone().into());
        fields.insert("prompt".to_owned(), message(&task.prompt));
        let facts = task
            .facts
            .iter()
            .map(|f| (f.label.clone(), f.value.clone().into()));
        fields.insert("facts".to_owned(), Value::Object(facts.collect()));
        let lines = task.lines.iter().map(|l| {
            json!({"title": l.title, "subtitle": l.subtitle, "quantity": l.quantity, "status": l.status})
        });
        fields.insert("lines".to_owned(), lines.collect());
        let choices = task
            .choices
            .iter()
            .map(|c| json!({"id": c.id, "title": c.title}));
        fields.insert("choices".to_owned(), choices.collect());
        fields.insert("recalculating".to_owned(), task.recalculating.into());
        let actions = task.actions.iter().map(|a| a.code.clone());
        fields.insert("actions".to_owned(), actions.collect());
    }
    state
}

impl Driver {
    pub(super) fn feedback_number(&mut self) -> Option<u32> {
        self.worker.view().feedback.map(|f| f.number)
    }

    /// The answer to a line that has been carried out.
    pub(super) fn answer(&mut self, command: &str, since: Option<u32>, extra: Value) -> Value {
        let events: Vec<String> = self.worker.committed().iter().map(|h| h.hex()).collect();
        let view = self.worker.view();
        let mut answer = state(&view, since);
        if let Value::Object(fields) = &mut answer {
            fields.insert("command".to_owned(), command.into());
            fields.insert("events".to_owned(), events.into());
            if let Value::Object(extra) = extra {
                fields.extend(extra);
            }
        }
        answer
    }
}

/// A line that could not be carried out: a stable code.
pub(super) fn failed(command: &str, code: &str) -> Value {
    json!({"command": command, "ok": false, "error": code})
}
