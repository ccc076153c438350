//! Every sentence has its Chinese, every code its sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use device_app::ui::WordKind;
use device_app::view::{Language, LineState, Message};

use labels::job::{Answer, Need, Progress, Question};
use labels::transport::TransportError;
use operations::{ActionCode, FactCode, FeedbackCode, LineStatus, Operation, PromptCode};

use crate::support::{Bench, sample};

/// A quoted text and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut end = None;
    let mut escaped = false;
    for (at, character) in inner.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                end = Some(at);
                break;
            }
            _ => {}
        }
    }
    let end = end?;
    Some((inner[..end].to_owned(), &inner[end + 1..]))
}

/// Every `@tr("…" | "…")` below `folder`.
fn sentences(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sentences(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "slint")
        {
            let source = std::fs::read_to_string(&path).unwrap();
            for call in source.split("@tr(").skip(1) {
                let (text, _) =
                    quoted(call).unwrap_or_else(|| panic!("{}: {call:.40}", path.display()));
                found.insert(text);
            }
        }
    }
}

/// Message to its translation, from a `.po` file as this project writes them.
fn translations(path: &Path) -> BTreeMap<String, String> {
    let source = std::fs::read_to_string(path).unwrap();
    let mut found = BTreeMap::new();
    for block in source.split("\n\n") {
        let of = |key: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .and_then(quoted)
                .map(|(text, _)| text)
        };
        if let Some(id) = of("msgid ") {
            let text = of("msgstr ")
                .or_else(|| of("msgstr[0] "))
                .unwrap_or_default();
            found.insert(id, text);
        }
    }
    found
}

fn places(text: &str) -> BTreeSet<&str> {
    text.match_indices('{')
        .filter_map(|(at, _)| text[at..].find('}').map(|end| &text[at..=at + end]))
        .collect()
}

#[test]
fn every_sentence_has_its_chinese() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut english = BTreeSet::new();
    sentences(&root.join("ui"), &mut english);
    assert!(
        english.len() > 200,
        "only {} sentences were found",
        english.len()
    );
    let chinese = translations(&root.join("lang/zh_CN/LC_MESSAGES/device-app.po"));

    let mut wrong = Vec::new();
    for text in &english {
        match chinese.get(text) {
            None => wrong.push(format!("not translated: {text}")),
            Some(translated) if translated.is_empty() => wrong.push(format!("empty: {text}")),
            Some(translated) if places(translated) != places(text) => {
                wrong.push(format!("other places: {text} / {translated}"));
            }
            Some(_) => {}
        }
    }
    for text in chinese.keys().filter(|text| !text.is_empty()) {
        if !english.contains(text) {
            wrong.push(format!("no longer used: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The codes that `.slint` compares with, such as `m.code == "undone"`.
fn codes_in(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("ui/words")
        .join(file);
    let source = std::fs::read_to_string(path).unwrap();
    source
        .split("code == ")
        .skip(1)
        .filter_map(quoted)
        .map(|(code, _)| code)
        .collect()
}

#[test]
fn no_code_is_shown_twice_or_blank() {
    let bench = Bench::phone();
    let message = |code: &str| {
        let message = Message::new(code)
            .with("[first]")
            .with("[second]")
            .with("[third]");
        bench.window.words(WordKind::Message, &message)
    };
    let mut codes = BTreeSet::new();
    for file in [
        "feedback.slint",
        "system.slint",
        "rights.slint",
        "scanner.slint",
    ] {
        let of_messages = |code: &String| file != "scanner.slint" || code.starts_with("scanner-");
        for code in codes_in(file).into_iter().filter(of_messages) {
            // A code that two files know would show both sentences.
            assert!(codes.insert(code.clone()), "{code} is in {file} again");
        }
    }
    assert!(codes.len() > 70, "only {} codes were found", codes.len());
    for language in Language::ALL {
        bench.window.show_view(&sample("home", language));
        for code in &codes {
            let text = message(code);
            assert!(text.chars().count() < 200, "{code}: {text}");
            assert!(bench.window.has_words(WordKind::Message, code), "{code}");
        }
    }
}

#[test]
fn every_code_of_the_procedures_has_words() {
    let bench = Bench::phone();
    let codes: [(WordKind, Vec<&str>); 6] = [
        (
            WordKind::Prompt,
            PromptCode::ALL.iter().map(|c| c.code()).collect(),
        ),
        (
            WordKind::Message,
            FeedbackCode::ALL.iter().map(|c| c.code()).collect(),
        ),
        (
            WordKind::Action,
            ActionCode::ALL.iter().map(|c| c.code()).collect(),
        ),
        (
            WordKind::Fact,
            FactCode::ALL.iter().map(|c| c.code()).collect(),
        ),
        (
            WordKind::State,
            LineStatus::ALL.iter().map(|c| c.code()).collect(),
        ),
        (
            WordKind::Operation,
            Operation::ALL.iter().map(|c| c.code()).collect(),
        ),
    ];
    let mut missing = Vec::new();
    for language in Language::ALL {
        bench.window.show_view(&sample("home", language));
        for (kind, codes) in &codes {
            let without = codes
                .iter()
                .filter(|code| !bench.window.has_words(*kind, code));
            missing.extend(without.map(|code| format!("{kind:?} {code}")));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What `labels` says of printers, labels and addresses.
#[test]
fn every_code_of_the_labels_has_words() {
    let bench = Bench::phone();
    let mut words: Vec<&str> = Vec::new();
    words.extend(labels::Condition::ALL.map(labels::Condition::code));
    words.extend(Progress::ALL.map(Progress::code));
    words.extend(Answer::ALL.map(Answer::code));
    words.extend([
        "reach",
        "make-answer",
        "asks",
        "not-set",
        "not-stored",
        "test",
    ]);
    let mut sentences: Vec<String> = Vec::new();
    sentences.extend(Need::ALL.map(|need| format!("printer-{}", need.code())));
    sentences.extend(labels::AddressError::ALL.map(|e| e.code().to_owned()));
    sentences.extend(TransportError::CODES.map(str::to_owned));
    sentences.extend(labels::LabelError::CODES.map(str::to_owned));
    sentences.extend(Question::CODES.map(str::to_owned));
    // Of the worker's own.
    sentences.extend(
        [
            "label-printing",
            "label-shortened",
            "label-practice",
            "printer-asks",
            "printer-not-set",
        ]
        .map(str::to_owned),
    );
    for code in [
        "disk-full",
        "database-busy",
        "database-error",
        "database-corrupt",
    ] {
        sentences.push(format!("printer-{code}"));
    }
    let mut missing = Vec::new();
    for language in Language::ALL {
        bench.window.show_view(&sample("home", language));
        let has = |kind, code: &str| bench.window.has_words(kind, code);
        missing.extend(
            words
                .iter()
                .filter(|c| !has(WordKind::Printing, c))
                .map(|c| (*c).to_owned()),
        );
        missing.extend(
            sentences
                .iter()
                .filter(|c| !has(WordKind::Message, c))
                .cloned(),
        );
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Where the printer says nothing, only a person can see that it waits for paper.
#[test]
fn who_is_asked_whether_labels_came_out_is_told_to_look_at_the_printer_first() {
    let bench = Bench::phone();
    for (language, begins) in [
        (
            Language::English,
            "First see that the printer stands still and is not waiting for labels.",
        ),
        (
            Language::Chinese,
            "请先确认打印机已停下，且不是在等标签纸。",
        ),
    ] {
        bench.window.show_view(&sample("home", language));
        for code in Question::CODES {
            let words = bench.window.words(WordKind::Message, &Message::new(code));
            assert!(words.starts_with(begins), "{words}");
        }
    }
}

#[test]
fn an_unknown_code_shows_itself() {
    let bench = Bench::phone();
    for language in Language::ALL {
        bench.window.show_view(&sample("home", language));
        for kind in [
            WordKind::Message,
            WordKind::Prompt,
            WordKind::Operation,
            WordKind::Action,
            WordKind::Fact,
            WordKind::State,
        ] {
            let text = bench.window.words(kind, &Message::new("brand-new"));
            assert!(text.contains("brand-new"), "{kind:?}: {text}");
            assert!(!bench.window.has_words(kind, "brand-new"), "{kind:?}");
        }
    }
}

#[test]
fn line_states_have_words() {
    let bench = Bench::phone();
    for state in LineState::ALL {
        assert!(
            bench.window.has_words(WordKind::State, state.code()),
            "{state:?}"
        );
    }
}

#[test]
fn arguments_stand_where_the_sentence_wants_them() {
    let bench = Bench::phone();
    let wrong_bin = Message::new("wrong-bin").with("A-03-2").with("A-03-1");
    let words = |language| {
        bench.window.show_view(&sample("home", language));
        bench.window.words(WordKind::Message, &wrong_bin)
    };
    assert_eq!(
        words(Language::English),
        "Wrong bin: A-03-2, expected A-03-1. Scan A-03-1."
    );
    assert_eq!(
        words(Language::Chinese),
        "库位不对：A-03-2，应为 A-03-1。请扫描 A-03-1。"
    );
}
