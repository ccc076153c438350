//! Labels: under way, in trouble, in doubt; and what of them stands on other screens.

use super::Goods;
use super::screens::{line, look_up, receiving};
use crate::view::{
    Message, PrintChip, PrintChipState, PrintQuestion, Printing, PrintingView, Screen, View,
};

pub(super) fn views(goods: &Goods, base: &impl Fn(Screen) -> View) -> Vec<(&'static str, View)> {
    let chip = |state| Printing {
        chip: Some(PrintChip {
            out: 2,
            all: 5,
            state,
        }),
        ..Printing::default()
    };
    let screen = |change: &dyn Fn(&mut PrintingView)| {
        let mut printing = under_way(goods);
        change(&mut printing);
        let mut view = base(Screen::Printing(printing));
        view.printing = chip(PrintChipState::AtWork);
        view
    };
    let mut detail = base(Screen::LookUp(look_up(goods, true)));
    detail.printing = Printing {
        copies: 3,
        asks_copies: true,
        ..chip(PrintChipState::Asks)
    };
    let mut bin = base(Screen::LookUp(look_up(goods, true)));
    bin.printing.copies = 1;
    let mut task = base(Screen::Task(receiving(goods)));
    task.printing = Printing {
        last_unit: "106141412345678908".into(),
        ..chip(PrintChipState::Stuck)
    };
    vec![
        ("printing", screen(&|_| {})),
        (
            "printing-paper",
            screen(&|v| needs(v, "paper-out", "printer-paper")),
        ),
        (
            "printing-silent",
            screen(&|v| {
                needs(v, "make-answer", "printer-make-answer");
                v.can_go_on_unanswered = true;
            }),
        ),
        (
            "printing-not-reached",
            screen(&|v| {
                needs(v, "reach", "printer-reach");
                v.trouble = Some(Message::new("printer-no-connection"));
                v.can_stop = false;
                v.can_drop = true;
            }),
        ),
        (
            "printing-question",
            screen(&|v| asks(v, Message::new("came-out").with("A-03-1 (3/5)"))),
        ),
        (
            "printing-question-all",
            screen(&|v| {
                let all = Message::new("all-came-out").with("5");
                asks(v, all.with("A-03-1 (1/5)").with("A-03-1 (5/5)"));
            }),
        ),
        ("printing-done", screen(&done)),
        (
            "printing-nothing",
            base(Screen::Printing(PrintingView {
                is_done: true,
                ..PrintingView::default()
            })),
        ),
        ("look-up-print", detail),
        ("look-up-print-bin", bin),
        ("task-print", task),
    ]
}

fn under_way(goods: &Goods) -> PrintingView {
    let label = |n: u32, status: &str| line(&format!("A-03-1 ({n}/5)"), "", "", status);
    PrintingView {
        title: "A-03-1".into(),
        out: 2,
        all: 5,
        state: "busy".into(),
        labels: vec![
            label(1, "out"),
            label(2, "out"),
            label(3, "sent"),
            label(4, "waiting"),
            label(5, "waiting"),
        ],
        later: vec![line(goods.glove, "", "12", "waiting")],
        can_stop: true,
        printer: "tcp://192.168.1.20:9100".into(),
        ..PrintingView::default()
    }
}

fn needs(view: &mut PrintingView, state: &str, next: &str) {
    view.state = state.into();
    view.next = Some(Message::new(next));
    view.can_try_now = true;
}

fn asks(view: &mut PrintingView, message: Message) {
    view.state = "asks".into();
    view.question = Some(PrintQuestion { number: 7, message });
    view.can_drop = true;
}

fn done(view: &mut PrintingView) {
    view.state = "ready".into();
    view.is_done = true;
    view.out = view.all;
    view.can_stop = false;
    view.later.clear();
    for label in &mut view.labels {
        label.status = "out".into();
    }
}
