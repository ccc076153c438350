//! Every key that a template or the code uses stands in the language files, and no words stand in templates.

use std::fs;
use std::path::{Path, PathBuf};

use sync_server::i18n::Lang;

fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push((path.clone(), fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// What stands between `before` and the next quote.
fn literals<'t>(text: &'t str, before: &str) -> Vec<&'t str> {
    text.split(before)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

#[test]
fn templates_use_known_keys() {
    for (path, text) in files("templates", "html") {
        for call in ["page.t(\"", "page.f1(\""] {
            for key in literals(&text, call) {
                assert!(Lang::Zh.find(key).is_some(), "{key} in {}", path.display());
            }
        }
        for prefix in literals(&text, "page.tt(\"") {
            let known = include_str!("../../lang/zh.txt")
                .lines()
                .any(|line| line.starts_with(&format!("{prefix}.")));
            assert!(known, "{prefix}.* in {}", path.display());
        }
    }
}

#[test]
fn the_code_uses_known_keys() {
    for (path, text) in files("src", "rs") {
        for call in [
            ".t(\"",
            ".fill(\"",
            "=> \"import.",
            "Some(\"people.",
            "Err(\"rights.",
            ".ok_or(\"rights.",
            "\"import.problem.",
        ] {
            for rest in literals(&text, call) {
                let prefix = call.rsplit('"').next().unwrap_or_default();
                let key = format!("{prefix}{rest}");
                if key.contains('{') || key.is_empty() {
                    continue;
                }
                assert!(Lang::Zh.find(&key).is_some(), "{key} in {}", path.display());
            }
        }
    }
}

#[test]
fn every_code_that_the_pages_translate_has_words() {
    use domain::ledger::ExceptionKind;
    use sync_server::console::view::{
        CAUSES, DeviceFilter, EVENT_KINDS, KIND_CODES, Need, REFUSED, RefusedView, Version, choices,
    };
    let mut keys: Vec<String> = Vec::new();
    for kind in ExceptionKind::ALL {
        let code = kind.code();
        keys.extend(["kind", "effect", "suggestion"].map(|p| format!("{p}.{code}")));
        keys.extend(choices(kind).iter().map(|c| format!("choice.{c}")));
        assert!(KIND_CODES.contains(&code));
    }
    for kind in EVENT_KINDS {
        keys.push(format!("event-kind.{kind}"));
        match kind {
            "quarantine-decided" => {
                keys.extend(["released", "rejected"].map(|w| format!("event.quarantine-{w}")));
            }
            _ => keys.push(format!("event.{kind}")),
        }
    }
    for cause in CAUSES {
        keys.extend(["cause", "why"].map(|p| format!("quarantine.{p}.{cause}")));
    }
    keys.extend(Need::ALL.map(|need| format!("need.{}", need.code())));
    keys.extend(Version::ALL.map(|version| format!("version.{}", version.code())));
    keys.extend(DeviceFilter::ALL.map(|filter| format!("devices.show.{}", filter.code())));
    for (cause, next) in REFUSED {
        keys.push(format!("refused.cause.{cause}"));
        keys.push(format!("refused.next.{next}"));
    }
    for code in protocol::RefusalCode::ALL {
        assert_eq!(RefusedView::known(code.code()).0, code.code());
    }
    for code in carry::file::FileError::ALL {
        assert_eq!(RefusedView::known(code.code()).0, code.code());
    }
    for code in [
        "sign-in-needed",
        "forbidden",
        "wrong-form-token",
        "not-found",
        "link-spent",
        "bad-request",
        "too-large",
        "conflict",
        "throttled",
        "internal",
    ] {
        keys.push(format!("error.{code}"));
    }
    for key in keys {
        assert!(Lang::En.find(&key).is_some(), "{key}");
    }
}

#[test]
fn every_kind_of_event_has_an_icon() {
    let icons = include_str!("../../assets/icons.svg");
    for kind in sync_server::console::view::EVENT_KINDS {
        assert!(icons.contains(&format!("<symbol id=\"{kind}\"")), "{kind}");
    }
}

#[test]
fn templates_hold_no_chinese_words() {
    for (path, text) in files("templates", "html") {
        let han = text.chars().find(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
        assert_eq!(han, None, "{}", path.display());
    }
}
