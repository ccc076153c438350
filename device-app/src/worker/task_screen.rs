//! The work under way as the task screen shows it.

use operations::{FactCode, Task, Weight as Placed};

use super::machine::Worker;
use crate::view::{Action, Choice, Entry, Fact, Keypad, Line, Message, TaskView, Weight};

impl Worker {
    pub(crate) fn task_view(&self) -> Option<TaskView> {
        let work = self.work.as_ref()?;
        let task = &work.task;
        let ctx = self.context();
        let prompt = task.prompt();
        let known = task.facts(&ctx);
        // With the keypad open it would be out of sight among the facts.
        let ordered = known.iter().find(|fact| fact.label == FactCode::Ordered);
        let hint = ordered.map(|fact| Message::new("done-of-ordered").with(fact.value.clone()));
        let keypad = task.keypad().map(|keypad| Keypad {
            asked: keypad.asked || !work.pad.is_empty(),
            value: if work.pad.is_empty() {
                keypad.value
            } else {
                work.pad.clone()
            },
            unit: keypad.unit,
            hint,
            decimals: keypad.decimals,
        });
        let facts = known.into_iter().map(|fact| Fact {
            label: fact.label.code().to_owned(),
            value: fact.value,
            emphasis: fact.emphasis,
        });
        let lines = task.lines(&ctx).into_iter().map(|line| Line {
            title: line.title,
            subtitle: line.subtitle,
            quantity: line.quantity,
            status: line.status.code().to_owned(),
        });
        let choices = task.choices(&ctx).into_iter().map(|choice| Choice {
            id: choice.id,
            title: choice.title,
            subtitle: choice.subtitle,
            quantity: choice.quantity,
        });
        let actions = task.actions().into_iter().map(|action| {
            let weight = match action.weight {
                Placed::Primary => Weight::Primary,
                Placed::Normal => Weight::Normal,
                Placed::Danger => Weight::Danger,
            };
            Action::new(action.code.code(), weight)
        });
        Some(TaskView {
            operation: task.operation().code().to_owned(),
            prompt: Message {
                code: prompt.code.code().to_owned(),
                args: prompt.args,
            },
            facts: facts.collect(),
            lines: lines.collect(),
            keypad,
            entry: task.entry().map(|entry| Entry {
                label: entry.label.code().to_owned(),
                ..Entry::default()
            }),
            choices: choices.collect(),
            actions: actions.collect(),
            recalculating: work.recalculating,
            last: work.last.clone(),
            can_photograph: !self.practises()
                && self.settings.camera
                && self.camera == crate::view::Camera::On
                && work.last.is_some(),
            can_sign: self.can_sign(),
            ticket: match task {
                Task::Deposit(work) => work.ticket().map(super::qr::draw),
                _ => None,
            },
        })
    }
}
