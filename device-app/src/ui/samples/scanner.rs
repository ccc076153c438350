//! A scanner that is being learnt.

use scan::learn::{Learnt, Terminator, test_text};
use scan::wedge::WedgeSettings;

use super::feedback;
use super::screens::qr;
use crate::view::{Message, Outcome, ScannerView, Screen, View};

/// Modules on each side of the test code.
const SIDE: u32 = 37;

fn screen(prompt: &str) -> ScannerView {
    ScannerView {
        qr: qr(SIDE),
        prompt: Message::new(prompt),
        ..ScannerView::default()
    }
}

fn found(gs_lost: bool) -> Learnt {
    Learnt {
        settings: WedgeSettings {
            prefix: "~".into(),
            gs_substitute: (!gs_lost).then(|| "^]".into()),
            ..WedgeSettings::default()
        },
        terminator: Terminator::Tab,
        gs_lost,
        lost: Vec::new(),
    }
}

fn raw(separator: &str) -> String {
    format!("~{}<Tab>", test_text().replace('\u{1d}', separator))
}

pub(super) fn views(base: &impl Fn(Screen) -> View) -> Vec<(&'static str, View)> {
    let told = |screen, outcome, message| {
        let mut view = base(Screen::Scanner(screen));
        view.feedback = Some(feedback(outcome, message, ""));
        view
    };
    let again = ScannerView {
        found: Some(found(false)),
        raw: raw("^]"),
        ..screen("scanner-scan-again")
    };
    let learnt = ScannerView {
        found: Some(found(false)),
        raw: raw("^]"),
        is_learnt: true,
        ..screen("scanner-in-use")
    };
    let lost = ScannerView {
        found: Some(found(true)),
        raw: raw(""),
        is_learnt: true,
        ..screen("scanner-in-use")
    };
    let layout = ScannerView {
        raw: "TESTà&é\"'(-è_ç)°!:m<Enter>".into(),
        ..screen("scanner-scan-test")
    };
    let wrong = Message::new("scanner-layout-azerty").with("0→à  1→&  2→é  3→\"  4→'  5→(");
    vec![
        (
            "scanner",
            base(Screen::Scanner(screen("scanner-scan-test"))),
        ),
        ("scanner-again", base(Screen::Scanner(again))),
        (
            "scanner-learnt",
            told(learnt, Outcome::Accepted, Message::new("scanner-learnt")),
        ),
        (
            "scanner-separator-lost",
            told(
                lost,
                Outcome::Attention,
                Message::new("scanner-separator-lost"),
            ),
        ),
        ("scanner-layout", told(layout, Outcome::Attention, wrong)),
    ]
}
