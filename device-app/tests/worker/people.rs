//! Enrolment, sign-in, locks.

use device_app::transport::PostError;
use device_app::view::{Language, PadKey, Screen, SignInView, UiEvent};

use crate::hub::Hub;
use crate::rig::Rig;

fn sign_in(rig: &mut Rig) -> SignInView {
    match rig.view().screen {
        Screen::SignIn(view) => view,
        other => panic!("{other:?}"),
    }
}

fn enrol_error(rig: &mut Rig) -> String {
    match rig.view().screen {
        Screen::Enrol(view) => {
            assert!(!view.busy);
            view.error.map(|e| e.code).unwrap_or_default()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn enrolment_says_what_is_wrong_and_can_be_tried_again() {
    let hub = Hub::new();
    let mut rig = Rig::new(&hub);
    for (url, code, expected) in [
        ("hub.test", "AAAA1", "enrol-url-malformed"),
        ("http://hub.test", "AAAA1", "enrol-url-malformed"),
        ("https://hub.test", "", "enrol-code-wrong"),
        ("https://hub.test", "ZZZZ9", "enrol-code-wrong"),
    ] {
        rig.ui(UiEvent::Enrol {
            server_url: url.into(),
            code: code.into(),
            device_name: String::new(),
        });
        assert_eq!(enrol_error(&mut rig), expected, "{url} {code}");
    }
    rig.scan("4006381333931");
    assert_eq!(enrol_error(&mut rig), "enrol-qr-wrong");
    hub.inner().fault = Some(PostError::Unreachable);
    rig.scan("TALLYMAN1|https://hub.test|AAAA1|");
    assert_eq!(enrol_error(&mut rig), "server-unreachable");
    hub.inner().fault = None;
    rig.scan("TALLYMAN1|https://hub.test|AAAA1|");
    assert_eq!(sign_in(&mut rig).operators.len(), 2);
    assert_eq!(sign_in(&mut rig).site, "Shanghai");
}

#[test]
fn what_the_keyboard_was_left_in_and_learned_is_there_after_a_restart() {
    let hub = Hub::new();
    let mut rig = Rig::new(&hub);
    assert!(!rig.view().appearance.pinyin);
    rig.ui(UiEvent::SetLanguage(Language::Chinese));
    assert!(rig.view().appearance.pinyin, "as the language is");
    rig.ui(UiEvent::SetPinyin(false));
    let kept = r#"[["张喆","zhang'zhe",2]]"#;
    rig.ui(UiEvent::KeepWords(kept.into()));
    let mut rig = rig.restart(&hub);
    assert!(!rig.view().appearance.pinyin, "as it was left");
    assert_eq!(rig.worker.words().unwrap(), kept);
}

#[test]
fn wrong_pins_lock_for_longer_and_longer_even_after_a_restart() {
    let hub = Hub::new();
    let mut rig = Rig::enrolled(&hub, "AAAA1");
    let li = sign_in(&mut rig)
        .operators
        .iter()
        .find(|o| o.name == "Li")
        .unwrap()
        .id
        .clone();
    let attempt = |rig: &mut Rig, pin: &[u8]| {
        rig.ui(UiEvent::ChooseOperator(li.clone()));
        for digit in pin {
            rig.ui(UiEvent::PinKey(PadKey::Digit(*digit)));
        }
        rig.ui(UiEvent::PinDone);
    };
    for _ in 0..4 {
        attempt(&mut rig, &[1, 2, 3, 4]);
        assert_eq!(rig.said(), "wrong-pin");
    }
    attempt(&mut rig, &[1, 2, 3, 4]);
    assert_eq!(rig.said(), "locked-out");
    let mut rig = rig.restart(&hub);
    attempt(&mut rig, &[4, 7, 1, 1]);
    assert_eq!(rig.said(), "locked-out", "the right PIN has to wait too");
    assert!(sign_in(&mut rig).locked_seconds > 0);
    rig.pass(60_000);
    attempt(&mut rig, &[4, 7, 1, 1]);
    assert_eq!(rig.said(), "signed-in");
    assert_eq!(rig.view().operator.as_deref(), Some("Li"));
}

#[test]
fn badges_sign_in_and_take_over() {
    let hub = Hub::new();
    let mut rig = Rig::enrolled(&hub, "AAAA1");
    rig.scan("B-NOBODY");
    assert_eq!(rig.said(), "no-such-badge");
    rig.scan("B-LI");
    rig.scan("B-WANG");
    assert_eq!(rig.view().operator.as_deref(), Some("Wang"));
    rig.pass(16 * 60_000);
    assert_eq!(
        rig.view().operator,
        None,
        "nobody was there for a quarter of an hour"
    );
    rig.scan("B-WANG");
    hub.deactivate_operator(2);
    rig.pass(10_000);
    assert_eq!(rig.view().operator, None);
    assert_eq!(sign_in(&mut rig).operators.len(), 1);
    rig.scan("B-WANG");
    assert_eq!(rig.said(), "no-such-badge");
}

#[test]
fn signing_out_names_what_waits() {
    let hub = Hub::new();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    rig.ui(UiEvent::StayOffline(true));
    rig.ui(UiEvent::OpenOperation("receive".into()));
    rig.scan("A-01");
    rig.scan("BOLT");
    rig.worker.quantity("1");
    rig.ui(UiEvent::SignOut);
    let question = rig.view().question.unwrap();
    assert_eq!(
        (
            question.message.code.as_str(),
            question.message.args[0].as_str()
        ),
        ("sign-out-waiting", "1")
    );
    rig.action(&question.no);
    assert!(rig.view().operator.is_some());
    rig.ui(UiEvent::SignOut);
    rig.action(&question.yes);
    assert_eq!(rig.view().operator, None);
}
