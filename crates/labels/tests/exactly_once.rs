//! Printers that fail at every byte, and people who look at the tray: each label comes out exactly once, or the person
//! is asked about exactly that one.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers panic as the test would"
)]

mod common;

use std::collections::BTreeSet;

use common::fonts;
use labels::fake::{Failure, FakePrinter, Habits};
use labels::job::{Answer, BackChannel, Event, Keep, LabelId, Need, Progress, Question, Step};
use labels::{
    Align, Area, Arranged, Code, Content, Density, Element, Fit, Label, Language, Manner, Mm,
    PrintJob, Stock, Symbol, Text,
};

const LABELS: usize = 3;

/// Small, so that every byte can be tried: a barcode and a Chinese character.
fn small_label(code: &str) -> Label {
    let area = |y, height| Area {
        x: Mm::whole(1),
        y: Mm::whole(y),
        width: Mm::whole(28),
        height: Mm::whole(height),
    };
    Label {
        stock: Stock::new(30, 12, Density::Eight),
        elements: vec![
            Element::Text(Text {
                text: "螺".into(),
                area: area(0, 3),
                size: Mm::whole(2),
                bold: false,
                align: Align::Left,
                fit: Fit::Ellipsis,
            }),
            Element::Code(Code {
                symbol: Symbol::Code128,
                content: Content::Plain(code.to_owned()),
                area: area(4, 6),
                align: Align::Left,
            }),
        ],
    }
}

fn job(language: Language, back_channel: BackChannel) -> PrintJob {
    let labels = (1..=LABELS).map(|n| {
        let code = format!("L{n}");
        let arranged = Arranged::new(&small_label(&code), fonts()).unwrap();
        let bytes = language.say(&arranged, Manner::default());
        (LabelId(code.clone()), code, bytes)
    });
    PrintJob::new(language, back_channel, labels)
}

/// What goes wrong, once so many bytes have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    PaperOut,
    HeadOpen,
    /// The connection is cut, and the sender sees it at once.
    Cut,
    /// The same, and the sender sees it only when it reads.
    CutUnseen,
    /// The printer is switched off and on.
    Restart,
    /// The handheld crashes; it has the job as it was last stored.
    Crash,
}

impl Fault {
    const ALL: [Fault; 6] = [
        Fault::PaperOut,
        Fault::HeadOpen,
        Fault::Cut,
        Fault::CutUnseen,
        Fault::Restart,
        Fault::Crash,
    ];
}

/// Numbers that are the same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) % limit
    }
}

struct World {
    job: PrintJob,
    stored: String,
    printer: FakePrinter,
    connected: bool,
    faults: Vec<(usize, Fault)>,
    sent_bytes: usize,
    heard: Vec<u8>,
    asked: BTreeSet<usize>,
    dice: Dice,
}

impl World {
    fn new(language: Language, habits: Habits, faults: Vec<(usize, Fault)>, seed: u64) -> Self {
        let back_channel = match (habits.answers, habits.fences) {
            (false, _) => BackChannel::None,
            (true, false) => BackChannel::Status,
            (true, true) => BackChannel::Fence,
        };
        let job = job(language, back_channel);
        Self {
            stored: serde_json::to_string(&job).unwrap(),
            job,
            printer: FakePrinter::new(language, habits),
            connected: false,
            faults,
            sent_bytes: 0,
            heard: Vec::new(),
            asked: BTreeSet::new(),
            dice: Dice(seed),
        }
    }

    /// Runs until all is settled, and holds the tray against the job.
    fn run(&mut self) -> Result<(), String> {
        for _ in 0..3_000 {
            let event = match self.job.step() {
                Step::Done => return self.judge(),
                Step::Connect => {
                    self.disconnect();
                    self.connected = true;
                    Some(Event::Connected)
                }
                Step::Send(bytes) => self.send(&bytes),
                Step::Read { .. } => Some(self.read()),
                Step::Rest { need, .. } => Some(self.rest(need)),
                Step::Ask(question) => Some(self.ask(question)),
            };
            // Without an event the handheld crashed in the step, and came up with what was stored.
            if let Some(event) = event
                && self.job.handle(event) == Keep::Store
            {
                self.stored = serde_json::to_string(&self.job).unwrap();
            }
            self.nothing_doubled()?;
        }
        Err(format!("never done: {:?}", self.job.step()))
    }

    fn disconnect(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.printer.disconnect();
        }
        self.heard.clear();
    }

    fn send(&mut self, bytes: &[u8]) -> Option<Event> {
        let mut event = Event::Sent;
        for byte in bytes {
            if !self.connected {
                return Some(event);
            }
            while let Some(place) = self
                .faults
                .iter()
                .position(|(at, _)| *at == self.sent_bytes)
            {
                match self.faults.remove(place).1 {
                    Fault::PaperOut => self.printer.run_out_of_paper(),
                    Fault::HeadOpen => self.printer.open_head(),
                    Fault::Cut => {
                        self.disconnect();
                        event = Event::ConnectionLost;
                    }
                    Fault::CutUnseen => self.disconnect(),
                    Fault::Restart => {
                        self.connected = false;
                        self.heard.clear();
                        self.printer.restart();
                        event = Event::ConnectionLost;
                    }
                    Fault::Crash => {
                        self.disconnect();
                        self.job = serde_json::from_str(&self.stored).unwrap();
                        return None;
                    }
                }
            }
            self.sent_bytes += 1;
            if self.connected {
                self.printer.receive(&[*byte]);
                if self.dice.below(40) == 0 {
                    self.printer.tick();
                }
            }
        }
        Some(event)
    }

    fn read(&mut self) -> Event {
        if !self.connected {
            return Event::ConnectionLost;
        }
        for _ in 0..=self.dice.below(3) {
            self.printer.tick();
        }
        self.heard.extend(self.printer.take_said());
        if self.heard.is_empty() {
            return Event::Silence;
        }
        // In pieces, as they come.
        let count = 1 + self.dice.below(self.heard.len() as u64) as usize;
        Event::Received(self.heard.drain(..count).collect())
    }

    fn rest(&mut self, need: Option<Need>) -> Event {
        self.printer.tick();
        if need.is_some() && self.dice.below(2) == 0 {
            self.printer.see_to();
        }
        Event::Rested
    }

    /// An honest person looks at the tray. Where the printer says nothing, they see to it first, as the question asks.
    fn ask(&mut self, question: Question) -> Event {
        if self.job.back_channel() == BackChannel::None {
            self.printer.see_to();
            while !self.printer.stands_still() {
                self.printer.tick();
            }
        }
        let asked = match &question {
            Question::CameOut { label } => vec![*label],
            Question::AllCameOut { labels } => labels.clone(),
        };
        self.asked.extend(&asked);
        let on_tray = |label: &usize| self.printer.count_of(&format!("L{}", label + 1)) > 0;
        let answer = match (self.dice.below(4), asked.iter().all(on_tray)) {
            (0, _) => Answer::Look,
            (_, true) => Answer::Yes,
            (_, false) => Answer::No,
        };
        Event::Answered(question, answer)
    }

    fn nothing_doubled(&self) -> Result<(), String> {
        let unknown: Vec<&str> = self.printer.orders().filter_map(Result::err).collect();
        for n in 1..=LABELS {
            if self.printer.count_of(&format!("L{n}")) > 1 {
                return Err(format!("L{n} twice; not understood: {unknown:?}"));
            }
        }
        Ok(())
    }

    fn judge(&mut self) -> Result<(), String> {
        // What the printer still holds comes out, whatever became of the job.
        for _ in 0..200 {
            self.printer.see_to();
            self.printer.tick();
        }
        self.nothing_doubled()?;
        for (n, label) in self.job.labels().iter().enumerate() {
            let count = self.printer.count_of(&label.id.0);
            if label.progress != Progress::Out || count != 1 {
                return Err(format!(
                    "{:?} is {:?} and came out {count} times, asked {:?}: {n}",
                    label.id, label.progress, self.asked
                ));
            }
        }
        Ok(())
    }
}

/// How many bytes a job sends when nothing goes wrong.
fn bytes_of_a_good_run(language: Language, habits: Habits) -> usize {
    let mut world = World::new(language, habits, Vec::new(), 1);
    world.run().unwrap();
    world.sent_bytes
}

#[test]
fn without_faults_nobody_is_asked_and_each_label_comes_out_once() {
    for language in Language::ALL {
        for number in 0..Habits::COUNT {
            let habits = Habits::nth(number);
            for seed in 0..4 {
                let mut world = World::new(language, habits, Vec::new(), seed);
                let ran = world.run();
                assert_eq!(ran, Ok(()), "{language:?} {habits:?} {seed}");
                // Without fences TSPL and ESC/POS may not show that they were at work.
                let can_prove = matches!(language, Language::Zpl | Language::Cpcl);
                if habits.answers && (habits.fences || can_prove) {
                    assert!(world.asked.is_empty(), "{language:?} {habits:?} {seed}");
                }
                let unknown = world.printer.orders().find_map(Result::err);
                assert_eq!(unknown, None, "{language:?}");
            }
        }
    }
}

#[test]
fn a_fault_at_any_byte_neither_doubles_nor_loses_a_label() {
    let mut failed = Vec::new();
    let mut runs = 0;
    for language in Language::ALL {
        let bytes = bytes_of_a_good_run(language, Habits::good());
        for at in 0..bytes {
            for fault in Fault::ALL {
                // Over the bytes every combination of habits meets every fault.
                let number = (at as u32).wrapping_mul(37) % Habits::COUNT;
                for habits in [Habits::nth(number), Habits::good()] {
                    let mut world = World::new(language, habits, vec![(at, fault)], at as u64);
                    runs += 1;
                    if let Err(what) = world.run() {
                        failed.push(format!("{language:?} {fault:?} at {at} {habits:?}: {what}"));
                    } else if world.asked.len() > 1 && habits.answers && habits.fences {
                        let asked = &world.asked;
                        failed.push(format!(
                            "{language:?} {fault:?} at {at}: asked of {asked:?}"
                        ));
                    }
                }
            }
        }
    }
    assert!(runs > 10_000, "{runs} runs are too few to mean anything");
    assert!(
        failed.is_empty(),
        "{} of {runs}: {:#?}",
        failed.len(),
        failed.iter().take(12).collect::<Vec<_>>()
    );
}

/// A printer that spoils a label may print it again, or not; it says so to nobody.
#[test]
fn a_label_spoiled_in_the_middle_is_the_one_that_is_asked_about() {
    for language in Language::ALL {
        for number in 0..Habits::COUNT {
            let habits = Habits::nth(number);
            for (label, failure) in [
                (0, Failure::PaperOut),
                (1, Failure::HeadOpen),
                (2, Failure::PaperOut),
            ] {
                for seed in 0..4 {
                    let mut world = World::new(language, habits, Vec::new(), seed);
                    world.printer.fail_after(label, failure);
                    let ran = world.run();
                    assert_eq!(ran, Ok(()), "{language:?} {habits:?} {label} {seed}");
                    let spoiled = world.printer.tray().iter().filter(|p| !p.whole).count();
                    assert_eq!(spoiled, 1, "{language:?} {habits:?} {label} {seed}");
                    assert!(
                        world.asked.contains(&(label as usize)),
                        "{language:?} {habits:?}"
                    );
                    let can_prove = matches!(language, Language::Zpl | Language::Cpcl);
                    if habits.answers && (habits.fences || can_prove) {
                        assert_eq!(world.asked.len(), 1, "{language:?} {habits:?} {seed}");
                    }
                }
            }
        }
    }
}

#[test]
fn several_faults_one_after_the_other_neither_double_nor_lose_a_label() {
    for seed in 0..4_000_u64 {
        let mut dice = Dice(seed);
        let language = Language::ALL[dice.below(4) as usize];
        let habits = Habits::nth(dice.below(u64::from(Habits::COUNT)) as u32);
        let faults = (0..2 + dice.below(4))
            .map(|_| {
                let fault = Fault::ALL[dice.below(6) as usize];
                (dice.below(3_000) as usize, fault)
            })
            .collect::<Vec<_>>();
        let mut world = World::new(language, habits, faults.clone(), seed);
        let ran = world.run();
        assert_eq!(
            ran,
            Ok(()),
            "seed {seed}: {language:?} {habits:?} {faults:?}"
        );
    }
}
