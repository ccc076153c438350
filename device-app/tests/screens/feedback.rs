//! The three answers: what is heard, felt and seen, in this order, as a recording platform and the screen tell it.

use device_app::platform;
use device_app::platform::recorder::{Recorder, Told as Machine};
use device_app::view::{Feedback, Language, Message, Outcome, Theme};
use slint::Color;

use crate::scene::Scene;
use crate::support::{Bench, sample};

#[derive(Debug, Clone, PartialEq)]
enum Told {
    Machine(Machine),
    Colour(Color),
    Icon(String),
    Words(String),
}

const CHECK: &str = "M 4 12.5 L 9.5 18 L 20 6.5";
const ALERT: &str = "M 12 3.5 L 22 20.5 L 2 20.5 Z M 12 10 L 12 14.5 M 12 17 L 12 17.6";
const STOP: &str = "M 8 2.5 L 16 2.5 L 21.5 8 L 21.5 16 L 16 21.5 L 8 21.5 L 2.5 16 L 2.5 8 Z M 8.5 8.5 L 15.5 15.5 M 15.5 8.5 L 8.5 15.5";

/// As the handheld does: heard and felt, then shown.
fn told(bench: &Bench, feedback: Feedback, loudness: u32, icons: [&str; 3]) -> Vec<Told> {
    let recorder = Recorder::default();
    platform::answer(&recorder, &feedback, loudness);
    let mut told: Vec<Told> = recorder.told().into_iter().map(Told::Machine).collect();
    let mut view = sample("task-scan", Language::English);
    view.appearance.theme = Theme::Light;
    view.feedback = Some(feedback);
    bench.window.show_view(&view);
    bench.lay_out();
    let scene = Scene::of(bench.slint());
    let sentence = &view.feedback.as_ref().unwrap().message;
    let sentence = bench
        .window
        .words(device_app::ui::WordKind::Message, sentence);
    // The line of the last scan says it too; the answer is what stands in front or above.
    let words = scene
        .words
        .iter()
        .filter(|words| words.text == sentence && !scene.hidden(words.seen, words.order))
        .min_by(|one, other| one.ink.origin.y.total_cmp(&other.ink.origin.y))
        .unwrap();
    told.push(Told::Colour(words.ground));
    // The drawing nearest to the words: beside them in a strip, above them on the refusing screen.
    let near = |icon: &&crate::scene::Paint| {
        let (a, b) = (icon.seen.center(), words.ink.center());
        ((a.x - b.x).powi(2) + (a.y - b.y).powi(2)) as i64
    };
    let icon = scene
        .icons
        .iter()
        .filter(|icon| !scene.hidden(icon.seen, icon.order) && icon.order < words.order)
        .filter(|icon| icon.seen.max_y() > 68.0)
        .min_by_key(near)
        .unwrap();
    let drawn = &scene.drawings[scene
        .icons
        .iter()
        .position(|one| one.order == icon.order)
        .unwrap()];
    assert!(icons.contains(&drawn.as_str()), "{drawn}");
    told.push(Told::Icon(drawn.clone()));
    told.push(Told::Words(words.text.clone()));
    told
}

fn feedback(outcome: Outcome, message: Message) -> Feedback {
    Feedback {
        outcome,
        message,
        raw_code: "A-03-2".into(),
        now: None,
        also_read: 0,
        number: 7,
    }
}

#[test]
fn accepted_attention_and_refused_are_heard_felt_and_seen() {
    let bench = Bench::phone();
    let icons = [CHECK, ALERT, STOP];
    let check = |outcome, message, pattern: &[u64], colour, icon: &str, words: &str| {
        assert_eq!(
            told(&bench, feedback(outcome, message), 75, icons),
            [
                Told::Machine(Machine::Sound(outcome, 75)),
                Told::Machine(Machine::Vibration(pattern.to_vec())),
                Told::Colour(colour),
                Told::Icon(icon.into()),
                Told::Words(words.into()),
            ]
        );
    };
    check(
        Outcome::Accepted,
        Message::new("received")
            .with("3")
            .with("Rope")
            .with("A-03-1"),
        &[60],
        Color::from_rgb_u8(0x0a, 0x5a, 0x35),
        CHECK,
        "Received 3 × Rope into A-03-1",
    );
    check(
        Outcome::Attention,
        Message::new("over-received").with("12"),
        &[120, 80, 120],
        Color::from_rgb_u8(0xff, 0xc2, 0x47),
        ALERT,
        "12 more than ordered. Kept, and a supervisor will see it.",
    );
    check(
        Outcome::Refused,
        Message::new("wrong-bin").with("A-03-2").with("A-03-1"),
        &[600],
        Color::from_rgb_u8(0x96, 0x10, 0x1a),
        STOP,
        "Wrong bin: A-03-2, expected A-03-1. Scan A-03-1.",
    );
}

#[test]
fn a_silent_device_still_shakes() {
    let recorder = Recorder::default();
    let refused = feedback(Outcome::Refused, Message::new("wrong-bin"));
    platform::answer(&recorder, &refused, 0);
    assert_eq!(recorder.told(), [Machine::Vibration(vec![600])]);
}
