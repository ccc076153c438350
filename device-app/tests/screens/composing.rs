//! Pinyin on our keyboard: letters become words, a scan is never one of them.

use device_app::ui::samples;
use device_app::view::{Language, LookUpView, Screen, Theme, UiEvent, View};
use device_app::wedge_keys::WedgeKeys;
use i_slint_backend_testing::ElementHandle;

use crate::pictures::save;
use crate::support::{Bench, sample};

const SEARCH: &str = "扫描，或输入名称、SKU、库位";
const CLOSE: &str = "收起键盘";

fn look_up() -> View {
    View {
        screen: Screen::LookUp(LookUpView {
            scanned: Some(String::new()),
            ..LookUpView::default()
        }),
        ..sample("home", Language::Chinese)
    }
}

/// The search field of a Chinese handheld, with the scanner's keys told apart as in the program.
fn bench() -> Bench {
    let bench = Bench::phone();
    bench.window.set_key_sink(Box::new(WedgeKeys::default()));
    bench.window.show_view(&look_up());
    bench.settle();
    bench.tap(SEARCH);
    bench.settle();
    bench
}

impl Bench {
    fn tap_each(&self, keys: &str) {
        for key in keys.chars() {
            self.tap(&key.to_string());
        }
    }

    fn value_of(&self, label: &str) -> String {
        let found = ElementHandle::find_by_accessible_label(self.window.component(), label);
        let values = found.filter_map(|element| element.accessible_value());
        values.map(String::from).last().unwrap_or_default()
    }

    fn preedit(&self) -> String {
        self.value_of("正在输入")
    }
}

fn searched(text: &str) -> UiEvent {
    UiEvent::Search(text.into())
}

/// The codes that were scanned since; nothing else may have happened.
fn scans(bench: &Bench) -> Vec<String> {
    let code = |event| match event {
        UiEvent::Scan { text, .. } => text,
        other => panic!("{other:?}"),
    };
    bench.events().into_iter().map(code).collect()
}

#[test]
fn letters_that_are_tapped_become_a_word() {
    let bench = bench();
    bench.tap_each("cangku");
    assert_eq!(bench.preedit(), "cang'ku");
    assert_eq!(bench.value_of(SEARCH), "", "the field holds no half pinyin");
    assert_eq!(bench.events(), []);
    bench.tap("仓库");
    assert_eq!(bench.value_of(SEARCH), "仓库");
    assert_eq!(bench.events(), [searched("仓库")]);
    assert_eq!(bench.preedit(), "");
}

#[test]
fn a_part_is_chosen_and_the_rest_goes_on() {
    let bench = bench();
    bench.tap_each("zhangzhe");
    for (name, rest) in [("张", "zhe"), ("喆", "")] {
        while bench.find(name).is_empty() {
            bench.tap("下一页");
        }
        bench.tap(name);
        assert_eq!(bench.preedit(), rest);
    }
    assert_eq!(bench.value_of(SEARCH), "张喆");
}

#[test]
fn pages_go_on_and_back() {
    let bench = bench();
    bench.tap_each("shi");
    assert_eq!(bench.find("是").len(), 1);
    assert_eq!(bench.find("上一页").len(), 0);
    bench.tap("下一页");
    assert_eq!(bench.find("是").len(), 0);
    bench.tap("上一页");
    assert_eq!(bench.find("是").len(), 1);
    assert_eq!(bench.events(), []);
}

#[test]
fn many_words_stand_where_the_letters_were() {
    let bench = bench();
    bench.tap_each("zhe");
    assert_eq!(bench.find("喆").len(), 0);
    bench.tap("展开更多字词");
    assert_eq!(bench.find("q").len(), 0);
    bench.tap("喆");
    assert_eq!(bench.value_of(SEARCH), "喆");
    assert_eq!(bench.find("q").len(), 1, "the letters are back");
    bench.tap_each("yi");
    bench.tap("展开更多字词");
    bench.tap("下一页");
    bench.tap("字母");
    assert_eq!(bench.find("一").len(), 1);
    bench.tap("展开更多字词");
    bench.type_slowly("n");
    assert_eq!(bench.preedit(), "yin");
    assert_eq!(bench.find("q").len(), 1);
}

#[test]
fn a_scan_while_a_word_is_composed_is_a_scan_and_leaves_the_word() {
    let bench = bench();
    bench.tap_each("cang");
    for (keys, text) in [
        ("a-03-1\n", "a-03-1"),
        ("4006381333931\n", "4006381333931"),
        ("nihao\t", "nihao"),
        // Shift is a key of its own.
        ("\u{10}A-\u{10}B2\r", "A-B2"),
    ] {
        bench.burst(keys);
        assert_eq!(scans(&bench), [text]);
        assert_eq!(bench.preedit(), "cang");
        assert_eq!(bench.value_of(SEARCH), "");
    }
    // Without a terminator a pause ends it.
    bench.burst("zhongguo");
    bench.settle();
    assert_eq!(scans(&bench), ["zhongguo"]);
    assert_eq!(bench.preedit(), "cang");
    bench.tap_each("ku");
    bench.tap("仓库");
    assert_eq!(bench.events(), [searched("仓库")]);
}

#[test]
fn a_keyboard_with_keys_composes_too() {
    let bench = bench();
    bench.type_slowly("cangku");
    assert_eq!(bench.preedit(), "cang'ku");
    bench.type_slowly(" ");
    assert_eq!(bench.events(), [searched("仓库")]);
    bench.type_slowly("xian");
    bench.type_slowly("2");
    let text = bench.value_of(SEARCH);
    assert!(
        text.starts_with("仓库") && text.chars().count() >= 3,
        "{text}"
    );
    // Taking letters back never reaches the field.
    bench.type_slowly("ku\u{8}\u{8}");
    assert_eq!(
        (bench.preedit(), bench.value_of(SEARCH)),
        (String::new(), text.clone())
    );
    bench.type_slowly("\u{8}");
    assert_ne!(bench.value_of(SEARCH), text);
}

#[test]
fn escape_gives_up_the_word_and_not_the_screen() {
    let bench = bench();
    bench.type_slowly("cang\u{1b}");
    assert_eq!(bench.preedit(), "");
    assert_eq!(bench.events(), []);
    // Out of the field, then out of the screen.
    bench.type_slowly("\u{1b}");
    assert_eq!(bench.events(), []);
    bench.type_slowly("\u{1b}");
    assert_eq!(bench.events(), [UiEvent::Back]);
}

#[test]
fn enter_keeps_the_letters_and_other_keys_the_word() {
    let bench = bench();
    bench.type_slowly("sku\n");
    assert_eq!(bench.value_of(SEARCH), "sku");
    bench.type_slowly("pandian0");
    assert_eq!(bench.value_of(SEARCH), "sku盘点0");
    bench.tap_each("chuku，");
    assert_eq!(bench.value_of(SEARCH), "sku盘点0出库，");
}

#[test]
fn other_keys_end_the_word_and_are_remembered() {
    let bench = bench();
    bench.tap_each("ruku");
    bench.tap("数字和符号");
    assert_eq!(
        bench.value_of(SEARCH),
        "入库",
        "who needs a number meant the word"
    );
    bench.tap_each("7、");
    bench.tap("字母");
    bench.tap_each("pda");
    bench.tap("英文字母");
    assert_eq!(
        bench.value_of(SEARCH),
        "入库7、pda",
        "who writes Latin meant the letters"
    );
    let events = bench.events();
    assert!(events.contains(&UiEvent::SetPinyin(false)), "{events:?}");
    bench.tap("q");
    assert_eq!(bench.value_of(SEARCH), "入库7、pdaq");
    bench.tap("拼音输入中文");
    assert_eq!(bench.events().last(), Some(&UiEvent::SetPinyin(true)));
}

#[test]
fn closing_keeps_the_word_and_what_was_learned() {
    let bench = bench();
    bench.tap_each("posun");
    bench.tap(CLOSE);
    bench.settle();
    let events = bench.events();
    assert_eq!(events.first(), Some(&searched("破损")));
    let Some(UiEvent::KeepWords(kept)) = events.last() else {
        panic!("nothing was kept: {events:?}");
    };
    assert_eq!(kept, r#"[["破损","po'sun",1]]"#);
    // Another start of the program.
    bench.window.set_words(r#"[["喆","zhe",9]]"#);
    bench.tap(SEARCH);
    bench.tap_each("zhe");
    assert_eq!(bench.find("喆").len(), 1);
    bench.window.set_words("not what was kept");
}

#[test]
fn codes_begin_with_latin_letters() {
    let bench = Bench::phone();
    bench.resize(480.0, 1600.0);
    let views = samples::views(Language::Chinese, Theme::Light);
    let enrol = views.iter().find(|(name, _)| *name == "enrol").unwrap();
    bench.window.show_view(&enrol.1);
    bench.settle();
    for (field, key) in [
        ("服务器地址", "拼音输入中文"),
        ("本机名称", "英文字母"),
        ("一次性注册码", "拼音输入中文"),
    ] {
        bench.tap(field);
        bench.settle();
        assert_eq!(bench.find(key).len(), 1, "{field}");
    }
}

#[test]
fn a_field_that_is_left_takes_its_half_word_along() {
    let bench = bench();
    bench.tap_each("cang");
    bench.window.show_view(&sample("home", Language::Chinese));
    bench.settle();
    bench.window.show_view(&look_up());
    bench.settle();
    bench.tap(SEARCH);
    assert_eq!(bench.preedit(), "");
    assert_eq!(bench.value_of(SEARCH), "");
}

#[test]
fn every_key_can_be_hit_in_gloves() {
    let bench = bench();
    for (width, height) in [(480.0, 800.0), (1280.0, 800.0)] {
        bench.resize(width, height);
        for mode in [
            "",
            "数字和符号",
            "字母",
            "cangku",
            "英文字母",
            "拼音输入中文",
        ] {
            match mode {
                "" => {}
                "cangku" => bench.tap_each(mode),
                key => bench.tap(key),
            }
            bench.settle();
            let (_, small) = bench.targets(width);
            assert!(small.is_empty(), "{mode} {width}: {}", small.join("\n"));
            if mode == "cangku" {
                for main in ["仓库", "下一页", "展开更多字词"] {
                    let size = bench.find(main).last().unwrap().size();
                    assert!(size.height >= 64.0, "{main}: {size:?}");
                }
                bench.tap("下一页");
                bench.tap("展开更多字词");
                bench.settle();
                let (_, small) = bench.targets(width);
                assert!(small.is_empty(), "spread {width}: {}", small.join("\n"));
            }
        }
    }
}

#[test]
fn the_keys_are_drawn() {
    let bench = Bench::phone();
    for language in Language::ALL {
        for theme in [Theme::Light, Theme::Dark, Theme::Sun] {
            for (form, width, height) in samples::FORMS {
                bench.resize(width as f32, height as f32);
                let mut view = look_up();
                view.appearance.language = language;
                view.appearance.theme = theme;
                view.appearance.pinyin = true;
                bench.window.show_view(&sample("home", language));
                bench.settle();
                bench.window.show_view(&view);
                bench.settle();
                let (field, signs, letters) = match language {
                    Language::English => (
                        "Scan, or type a name, SKU or bin",
                        "Numbers and signs",
                        "Letters",
                    ),
                    Language::Chinese => (SEARCH, "数字和符号", "字母"),
                };
                bench.tap(field);
                for (name, key, typed) in [
                    ("pinyin", "", ""),
                    ("words", "", "cangku"),
                    ("characters", "", "zhe"),
                    ("spread", "", "zhe"),
                    ("signs", signs, ""),
                    ("end", letters, ""),
                ] {
                    if !key.is_empty() {
                        bench.tap(key);
                    }
                    bench.tap_each(typed);
                    if name == "spread" {
                        let many = match language {
                            Language::English => "Many words at once",
                            Language::Chinese => "展开更多字词",
                        };
                        bench.tap(many);
                    }
                    bench.settle();
                    let drawn = bench.slint().take_snapshot().unwrap();
                    let (language, theme) = (language.code(), theme.code());
                    save(
                        &format!("keyboard-{name}-{language}-{theme}-{form}.png"),
                        &drawn,
                    );
                    bench.burst(&"\u{8}".repeat(typed.len()));
                    bench.settle();
                }
            }
        }
    }
}
