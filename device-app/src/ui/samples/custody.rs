//! What customers leave, and take again.

use super::Goods;
use super::screens::{fact, line};
use crate::view::{Action, Choice, Entry, Message, ReceiptView, TaskView, Weight};
use crate::worker::draw_qr as draw;

fn choice(id: &str, title: &str, subtitle: &str, quantity: &str) -> Choice {
    Choice {
        id: id.into(),
        title: title.into(),
        subtitle: subtitle.into(),
        quantity: quantity.into(),
    }
}

/// The customer is looked for.
pub(super) fn finding(goods: &Goods) -> TaskView {
    TaskView {
        operation: "deposit".into(),
        prompt: Message::new("choose-customer"),
        entry: Some(Entry {
            label: "customer".into(),
            ..Entry::default()
        }),
        choices: vec![
            choice("1", goods.operators[0], "···8000", "2"),
            choice("2", goods.operators[1], "···6213", ""),
        ],
        actions: vec![
            Action::new("confirm", Weight::Primary),
            Action::new("new-customer", Weight::Normal),
            Action::new("cancel", Weight::Normal),
        ],
        ..TaskView::default()
    }
}

/// The customer is asked about forbidden goods.
pub(super) fn asking(goods: &Goods) -> TaskView {
    TaskView {
        operation: "deposit".into(),
        prompt: Message::new("check-forbidden"),
        facts: vec![
            fact("customer-name", goods.operators[0], false),
            fact("phone", "13800138000", false),
        ],
        actions: vec![
            Action::new("nothing-forbidden", Weight::Primary),
            Action::new("cancel", Weight::Normal),
        ],
        ..TaskView::default()
    }
}

/// A piece waits for its bin.
pub(super) fn placing(goods: &Goods) -> TaskView {
    TaskView {
        operation: "deposit".into(),
        prompt: Message::new("put-piece-into").with("L-02-3"),
        facts: vec![
            fact("customer-name", goods.operators[0], false),
            fact("item", goods.case, false),
            fact("piece", "P7K2M9QXTR4WD", false),
            fact("size", "L", false),
            fact("declared-value", "1200.00 CNY", false),
        ],
        choices: vec![
            choice("1", goods.case, "CASE-L", ""),
            choice("2", goods.backpack, "BACKPACK", ""),
        ],
        actions: vec![
            Action::new("as-suggested", Weight::Primary),
            Action::new("condition", Weight::Normal),
            Action::new("declared-value", Weight::Normal),
            Action::new("size-s", Weight::Normal),
            Action::new("size-m", Weight::Normal),
            Action::new("size-xl", Weight::Normal),
            Action::new("measure", Weight::Normal),
        ],
        ..TaskView::default()
    }
}

/// All pieces lie in their bins: the customer takes a picture of the ticket, and signs.
pub(super) fn complete(goods: &Goods) -> TaskView {
    TaskView {
        operation: "deposit".into(),
        prompt: Message::new("customer-signs"),
        facts: vec![
            fact("claim-code", "C7K2M-9QXTR-4WD1P", true),
            fact("customer-name", goods.operators[0], false),
            fact("due", "2026-12-01", false),
        ],
        lines: vec![line(goods.case, "P7K2M9QXTR4WD → L-02-3", "1", "saved")],
        choices: vec![
            choice("1", goods.case, "CASE-L", ""),
            choice("2", goods.backpack, "BACKPACK", ""),
        ],
        actions: vec![
            Action::new("take-in", Weight::Primary),
            Action::new("condition", Weight::Normal),
            Action::new("declared-value", Weight::Normal),
        ],
        ticket: Some(draw("C7K2M9QXTR4WD1P")),
        ..TaskView::default()
    }
}

/// Two of three pieces are matched.
pub(super) fn releasing(goods: &Goods) -> TaskView {
    TaskView {
        operation: "release".into(),
        prompt: Message::new("scan-piece").with("R4WD").with("L-02-3"),
        facts: vec![
            fact("pieces", "2 / 3", true),
            fact("customer-name", goods.operators[0], false),
            fact("fee-due", "40.00 CNY", true),
            fact("due", "2026-12-01", false),
        ],
        lines: vec![
            line(goods.case, "9QXT · L-02-1", "1", "completed"),
            line(goods.backpack, "77AK · L-02-2", "2", "completed"),
            line(goods.case, "R4WD · L-02-3", "3", "open"),
        ],
        actions: vec![
            Action::new("hand-out", Weight::Primary),
            Action::new("proxy", Weight::Normal),
            Action::new("extend", Weight::Normal),
            Action::new("other-fee", Weight::Normal),
            Action::new("look-into", Weight::Normal),
            Action::new("cancel", Weight::Normal),
        ],
        ..TaskView::default()
    }
}

/// As large as receipts are.
pub(super) fn receipt() -> ReceiptView {
    let text =
        "https://tallyman.example.com/receipt#S.".to_owned() + &"Q7K2M9XTR4WDPABC".repeat(41);
    ReceiptView {
        act: "deposited".into(),
        facts: vec![
            fact("claim-code", "C7K2M-9QXTR-4WD1P", true),
            fact("done-at", "14:02", false),
            fact("pieces-left", "2", false),
            fact("due", "2026-12-01", false),
        ],
        qr: Some(draw(&text)),
        text,
        next: Message::new("receipt-scan"),
    }
}

/// Nobody came for these.
pub(super) fn overdue(goods: &Goods) -> TaskView {
    TaskView {
        operation: "release".into(),
        prompt: Message::new("overdue-here").with("2"),
        choices: vec![
            choice("1", goods.case, "2026-10-20", "2"),
            choice("2", goods.backpack, "2026-11-19", "1"),
        ],
        actions: vec![
            Action::new("due-soon", Weight::Normal),
            Action::new("overdue", Weight::Normal),
            Action::new("abandoned", Weight::Normal),
            Action::new("cancel", Weight::Normal),
        ],
        ..TaskView::default()
    }
}
