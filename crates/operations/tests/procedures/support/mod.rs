//! A small site in memory, and a table-driven check.

mod custody;
mod site;

pub(crate) use custody::{ELSEWHERE, HERE};
pub(crate) use site::{Site, TODAY};

use domain::EventBody;
use domain::rights::Action;
use operations::{ActionCode, Context, Input, Language, Operation, Scanned, Step, Task, Undoable};

/// Other bytes each time, the same ones in each test.
fn random() -> [u8; 32] {
    use std::cell::Cell;
    thread_local!(static DRAWN: Cell<u64> = const { Cell::new(0) });
    let n = DRAWN.replace(DRAWN.get() + 1);
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    bytes
}

pub(crate) fn context() -> Context {
    Context {
        now: TODAY,
        time_zone: "Asia/Shanghai".into(),
        time_of_day: "14:02".into(),
        operator: "Li".into(),
        device_mark: "7A".into(),
        language: Language::English,
        random: random(),
    }
}

/// One row: what the person does, and "feedback | prompt | events" expected. `.` means "do not care".
///
/// Inputs: `scan TEXT`, `gs1 gtin=… lot=… exp=… serial=… count=… sscc=…`, `bad TEXT`, `qty N`, `text T`,
/// `choose TITLE`, `do ACTION`, `undo`.
pub(crate) type Row<'a> = (&'a str, &'a str);

/// Plays a script and compares each step. The draft goes through JSON between any two steps.
pub(crate) fn check(operation: Operation, site: &mut Site, rows: &[Row<'_>]) {
    let mut task = Task::start(operation);
    task.offer(site, &context()).unwrap();
    for (number, (input, expected)) in rows.iter().enumerate() {
        let step = play(&task, input, site);
        let shown = shown(&step, site);
        for (part, expected) in shown.iter().zip(expected.split('|')) {
            let expected = expected.trim();
            assert!(
                expected == "." || part == expected,
                "row {number} `{input}`\n  expected `{expected}`\n  got      `{}`",
                shown.join(" | ")
            );
        }
        site.apply(&step);
        task = reloaded(&step.task);
        task.refresh(site, &context()).unwrap();
    }
}

/// What a step says, as `check` compares it.
pub(crate) fn shown(step: &Step, site: &Site) -> [String; 3] {
    let feedback = step.feedback.as_ref().map_or_else(String::new, |f| {
        format!(
            "{} {} {}",
            f.outcome.code(),
            f.code.code(),
            f.args.join(",")
        )
    });
    let mut prompt = step.task.prompt().code.code().to_owned();
    if let Some(question) = step.task.question() {
        prompt = format!("{}?", question.code.code());
    }
    if step.finished {
        prompt = "finished".into();
    }
    let mut events: Vec<String> = step.events.iter().map(|e| site.said(e)).collect();
    events.extend(
        step.links
            .iter()
            .map(|l| format!("link {}>{}", l.code, site.sku(l.item))),
    );
    [feedback.trim().to_owned(), prompt, events.join("; ")]
}

pub(crate) fn play(task: &Task, input: &str, site: &Site) -> Step {
    let (verb, rest) = input.split_once(' ').unwrap_or((input, ""));
    let ctx = context();
    let input = match verb {
        "scan" => Input::Scan(Scanned::plain(rest)),
        "gs1" => Input::Scan(gs1(rest)),
        "bad" => Input::Scan(Scanned {
            fault: Some(operations::CodeFault::MalformedGs1),
            ..Scanned::plain(rest)
        }),
        "qty" => Input::Quantity(domain::Quantity::parse(rest).unwrap()),
        "text" => Input::Text(rest.into()),
        "choose" => {
            let choices = task.choices(&ctx);
            let chosen = choices.iter().find(|c| c.title == rest || c.id == rest);
            Input::Choose(
                chosen
                    .unwrap_or_else(|| panic!("{rest} in {choices:?}"))
                    .id
                    .clone(),
            )
        }
        "do" => Input::Action(ActionCode::from_code(rest).unwrap()),
        "undo" => Input::Undo(site.last_undoable()),
        other => panic!("no such verb {other}"),
    };
    let step = task.handle(input, site, &ctx).unwrap();
    for event in &step.events {
        assert!(event.body.is_sound(), "{event:?}");
        // Who has the right to the procedure has the right to all that it writes.
        let reason = event.reason.as_deref();
        // What moves in a carton names the line that it was packed for, and is no step of its work.
        let moves = matches!(event.body, domain::EventBody::Moved { .. });
        let ordered = event.order.is_some() && !(moves && event.carton.is_some());
        let needed = Action::that_write(&event.body, ordered, reason);
        let takes = step.task.operation().takes();
        assert!(
            needed.is_empty() || takes.iter().any(|action| needed.contains(action)),
            "{takes:?} do not allow {event:?}"
        );
    }
    step
}

pub(crate) fn gs1(fields: &str) -> Scanned {
    let mut scanned = Scanned::plain(fields);
    for (name, value) in fields.split_whitespace().filter_map(|f| f.split_once('=')) {
        let value = value.to_owned();
        match name {
            "gtin" => scanned.fields.gtin = Some(value),
            "sscc" => scanned.fields.sscc = Some(value),
            "lot" => scanned.fields.lot = Some(value),
            "serial" => scanned.fields.serial = Some(value),
            "exp" => scanned.fields.expiry = Some(value.parse().unwrap()),
            "count" => scanned.fields.count = Some(value.parse().unwrap()),
            other => panic!("no such field {other}"),
        }
    }
    scanned
}

pub(crate) fn reloaded(task: &Task) -> Task {
    let json = serde_json::to_string(task).unwrap();
    let back: Task = serde_json::from_str(&json).unwrap();
    assert_eq!(back, *task);
    back
}

pub(crate) fn undoable(body: &EventBody, target: domain::EventHash, words: String) -> Undoable {
    Undoable {
        target,
        text: words,
        reversed: false,
        allowed: !matches!(body, EventBody::Reversed { .. }),
    }
}
