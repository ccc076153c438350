//! Packing into cartons, sending them, and who signs for it.

use super::Goods;
use super::screens::{fact, last, line};
use crate::view::{Action, Keypad, Message, SigningView, TaskView, Weight};

/// A carton is being filled.
pub(super) fn packing(goods: &Goods) -> TaskView {
    TaskView {
        operation: "pack".into(),
        prompt: Message::new("scan-item"),
        facts: vec![
            fact("carton", "C7A2F-1NB2EW0", true),
            fact("from-bin", "D-01", true),
            fact("order", "SO-260918", false),
            fact("party", goods.site, false),
        ],
        lines: vec![
            line(
                goods.bolt,
                "10-4021",
                &format!("40 / 48 {}", goods.piece),
                "open",
            ),
            line(
                goods.glove,
                "77-0090",
                &format!("12 / 12 {}", goods.piece),
                "completed",
            ),
            line(
                goods.glove,
                "C7A2F-1NB2EW0",
                &format!("12 {}", goods.piece),
                "saved",
            ),
        ],
        keypad: Some(Keypad {
            value: String::new(),
            unit: String::new(),
            hint: None,
            decimals: true,
            asked: false,
        }),
        actions: vec![
            Action::new("done", Weight::Primary),
            Action::new("next-carton", Weight::Normal),
            Action::new("later", Weight::Normal),
            Action::new("change-bin", Weight::Normal),
        ],
        last: Some(last(goods)),
        can_photograph: true,
        can_sign: true,
        ..TaskView::default()
    }
}

/// Somebody signs for what went out.
pub(super) fn signing(goods: &Goods) -> SigningView {
    SigningView {
        order: "SO-260918".into(),
        party: goods.site.into(),
        lines: 3,
    }
}

/// Cartons wait for an order that goes out.
pub(super) fn loading(goods: &Goods) -> TaskView {
    TaskView {
        operation: "issue".into(),
        prompt: Message::new("scan-item-or-done"),
        facts: vec![
            fact("order", "SO-260918", false),
            fact("party", goods.site, false),
        ],
        lines: vec![
            line("C7A2F-1NB2EW0", "D-01", "", "open"),
            line("006901234000000018", "D-01", "", "open"),
            line(
                goods.bolt,
                "10-4021",
                &format!("0 / 48 {}", goods.piece),
                "open",
            ),
        ],
        actions: vec![
            Action::new("done", Weight::Primary),
            Action::new("later", Weight::Normal),
        ],
        last: Some(last(goods)),
        can_photograph: true,
        can_sign: true,
        ..TaskView::default()
    }
}
