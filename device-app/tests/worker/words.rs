//! Every code that a procedure or the worker can say has words on the screen.

use device_app::ui::{Window, WordKind};
use operations::{ActionCode, FactCode, FeedbackCode, LineStatus, Operation, PromptCode};

#[test]
fn every_code_has_words() {
    i_slint_backend_testing::init_no_event_loop();
    let window = Window::new(|_| {}).unwrap();
    let mut missing = Vec::new();
    let mut check = |kind: WordKind, code: &str| {
        if !window.has_words(kind, code) {
            missing.push(format!("{kind:?} {code}"));
        }
    };
    for code in PromptCode::ALL {
        check(WordKind::Prompt, code.code());
    }
    for code in FeedbackCode::ALL {
        check(WordKind::Message, code.code());
    }
    for code in ActionCode::ALL {
        check(WordKind::Action, code.code());
    }
    for code in FactCode::ALL {
        check(WordKind::Fact, code.code());
    }
    for code in LineStatus::ALL {
        check(WordKind::State, code.code());
    }
    for code in Operation::ALL {
        check(WordKind::Operation, code.code());
    }
    let worker = [
        "needs-right",
        "needs-right-of",
        "needs-right-of-nobody",
        "right-expired",
        "right-elsewhere",
        "cannot-approve",
        "approved",
        "not-signed-in",
        "wrong-pin",
        "locked-out",
        "no-such-badge",
        "operator-disabled",
        "sign-out-waiting",
        "recovered-session",
        "pin-protected",
        "pin-can-be-tried",
        "signed-in",
        "enrol-code-wrong",
        "enrol-code-used",
        "enrol-qr-wrong",
        "enrol-url-malformed",
        "enrol-waiting",
        "enrol-other-organisation",
        "server-unreachable",
        "server-certificate-wrong",
        "server-error",
        "device-too-old",
        "device-revoked",
        "device-locked",
        "segment-refused",
        "segment-forged",
        "device-copied",
        "held-for-supervisor",
        "site-moved",
        "renewal-refused",
        "device-role-other",
        "segment-other-role",
        "counts-only",
        "stay-offline-on",
        "clock-wrong",
        "disk-full",
        "database-error",
        "database-corrupt",
        "database-newer",
        "database-key-missing",
        "database-in-use",
        "disk-full-at-start",
        "internal",
        "picture-no-code",
        "picture-unreadable",
        "answer-first",
        "quantity-missing",
        "no-neighbours",
        "neighbour-synced",
        "neighbours-off",
        "pairing-wrong",
        "pairing-own",
        "pairing-not-enrolled",
        "set-up-not-needed",
        "set-up-done",
        "set-up-empty",
        "stands-in",
        "badge-only",
        "peer-unreachable",
        "nothing-to-hand-over",
        "too-much-for-qr",
        "qr-damaged",
        "exported",
        "imported",
        "imported-nothing-new",
        "imported-in-part",
        "file-missing",
        "file-not-written",
        "file-other-organisation",
        "scanner-scan-test",
        "scanner-scan-again",
        "scanner-in-use",
        "scanner-read-once",
        "scanner-learnt",
        "scanner-reset",
        "scanner-differs",
        "scanner-separator-lost",
        "scanner-repaired",
        "scanner-signs-lost",
        "scanner-not-the-test-code",
        "scanner-too-slow",
        "scanner-caps-inverted",
        "scanner-layout-azerty",
        "scanner-layout-qwertz",
        "scanner-layout",
        "reading-none",
        "which-reading",
    ];
    for refusal in protocol::PeerRefusal::ALL {
        check(WordKind::Message, refusal.code());
    }
    for error in carry::file::FileError::ALL {
        check(WordKind::Message, error.code());
    }
    for code in worker {
        check(WordKind::Message, code);
    }
    for code in ["set-aside", "adjust", "reverse", "resolve"] {
        check(WordKind::Operation, code);
    }
    assert!(missing.is_empty(), "no words for: {missing:#?}");
}
