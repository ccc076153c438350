//! What stands where among the candidates, and what any input may do.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops where something is not as expected"
)]

use std::collections::{BTreeMap, BTreeSet};

use ime::Pinyin;
use pinyin::ToPinyinMulti;
use proptest::prelude::*;

fn typed(letters: &str) -> Pinyin {
    let mut pinyin = Pinyin::default();
    for letter in letters.chars() {
        assert!(pinyin.press(letter), "{letter} of {letters}");
    }
    pinyin
}

fn texts(letters: &str, count: usize) -> Vec<String> {
    let page = typed(letters).page(0, count).into_iter();
    page.map(|candidate| candidate.text).collect()
}

#[test]
fn common_words_come_first() {
    let mut wrong = Vec::new();
    for (letters, expected) in [
        ("woyao", "我要"),
        ("cangku", "仓库"),
        ("chuku", "出库"),
        ("ruku", "入库"),
        ("kuwei", "库位"),
        ("pandian", "盘点"),
        ("shangjia", "上架"),
        ("jianhuo", "拣货"),
        ("posun", "破损"),
        ("duanshao", "短少"),
        ("jicun", "寄存"),
        ("huojia", "货架"),
        ("tuopan", "托盘"),
        ("pici", "批次"),
        ("baozhiqi", "保质期"),
        ("xianjinxianchu", "先进先出"),
        ("zhangsan", "张三"),
        ("lisi", "李四"),
        ("yinhang", "银行"),
        ("chongqing", "重庆"),
        ("zhongliang", "重量"),
        ("changdu", "长度"),
        ("lvse", "绿色"),
        ("shenglue", "省略"),
        ("nver", "女儿"),
        ("shuliang", "数量"),
        ("zaiku", "在库"),
        ("woxiangyao", "我想要"),
        ("zhongguo", "中国"),
        ("wo", "我"),
        ("de", "的"),
        ("shi", "是"),
        ("ck", "仓库"),
        ("rk", "入库"),
        ("kw", "库位"),
        ("pd", "盘点"),
        ("cangk", "仓库"),
        ("chk", "出库"),
        ("chuk", "出库"),
        ("cku", "仓库"),
        ("sh", "是"),
        ("zhg", "中国"),
        ("xi'an", "西安"),
        ("xian'jin", "先进"),
        ("woyaochuku", "我要出库"),
        ("cangkuhuojia", "仓库货架"),
        ("waixiangposun", "外箱破损"),
    ] {
        let first = texts(letters, 5);
        if first.first().map(String::as_str) != Some(expected) {
            wrong.push(format!("{letters}: {first:?} and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_else_is_meant_stands_on_the_first_page() {
    for (letters, expected) in [
        ("xian", "先"),
        ("xian", "西安"),
        ("fangan", "方案"),
        ("fangan", "反感"),
        ("ck", "出库"),
        ("sh", "收货"),
        ("hang", "行"),
        ("xing", "行"),
        ("zhang", "长"),
        ("chang", "长"),
        ("zhang", "张"),
        ("ku", "库"),
        ("kun", "堃"),
        ("yixiang", "一箱"),
    ] {
        let page = texts(letters, 9);
        assert!(
            page.iter().any(|text| text == expected),
            "{letters}: {page:?} without {expected}"
        );
    }
}

/// The characters of names that GB2312 lacks, and everything else that the font can draw.
#[test]
fn every_character_of_gbk_is_reached_by_each_of_its_readings() {
    let mut by_reading: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for high in 0x81..=0xFE_u8 {
        for low in 0x40..=0xFE_u8 {
            let pair = [high, low];
            let (text, _, broken) = encoding_rs::GBK.decode(&pair);
            let character = text.chars().next().unwrap();
            if broken || !('\u{4e00}'..='\u{9fa5}').contains(&character) {
                continue;
            }
            for reading in character.to_pinyin_multi().into_iter().flatten() {
                let letters = reading.plain().replace('ü', "v").replace('ê', "e");
                by_reading
                    .entry(letters)
                    .or_default()
                    .insert(text.to_string());
            }
        }
    }
    let characters: BTreeSet<&String> = by_reading.values().flatten().collect();
    assert!(characters.len() > 20_880, "{}", characters.len());
    for (name, letters) in [
        ("喆", "zhe"),
        ("堃", "kun"),
        ("昇", "sheng"),
        ("镕", "rong"),
    ] {
        assert!(by_reading.get(letters).unwrap().contains(name));
    }
    let mut missing = Vec::new();
    for (reading, characters) in &by_reading {
        let found: BTreeSet<String> = texts(reading, usize::MAX).into_iter().collect();
        for character in characters.difference(&found) {
            missing.push(format!("{character} {reading}"));
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    for (unit, reading) in [("兙", "ke"), ("瓩", "qian")] {
        assert!(texts(reading, usize::MAX).contains(&unit.to_owned()));
    }
}

/// The readings that people type, without those that are two as well (xian, xi'an).
fn syllables() -> Vec<String> {
    let mut found = BTreeSet::new();
    for code in 0x4e00..=0x9fa5_u32 {
        let multi = char::from_u32(code).and_then(|c| c.to_pinyin_multi());
        for reading in multi.into_iter().flatten() {
            let letters = reading.plain().replace('ü', "v");
            if letters.is_ascii() && letters.contains(['a', 'e', 'i', 'o', 'u', 'v']) {
                found.insert(letters);
            }
        }
    }
    let two = |letters: &String| {
        (1..letters.len())
            .any(|at| found.contains(&letters[..at]) && found.contains(&letters[at..]))
    };
    found
        .iter()
        .filter(|letters| !two(letters))
        .cloned()
        .collect()
}

#[derive(Debug, Clone)]
enum Key {
    Press(char),
    Backspace,
    Choose(usize),
    Page(usize),
    Raw,
    Clear,
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        12 => prop::char::range('a', 'z').prop_map(Key::Press),
        2 => Just(Key::Press('\'')),
        1 => any::<char>().prop_map(Key::Press),
        2 => Just(Key::Backspace),
        2 => (0..12_usize).prop_map(Key::Choose),
        1 => (0..40_usize).prop_map(Key::Page),
        1 => Just(Key::Raw),
        1 => Just(Key::Clear),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_typed_is_too_much(keys in prop::collection::vec(key(), 0..60)) {
        let mut pinyin = Pinyin::default();
        for key in keys {
            match key {
                Key::Press(letter) => { pinyin.press(letter); }
                Key::Backspace => { pinyin.backspace(); }
                Key::Choose(number) => { pinyin.choose(number); }
                Key::Page(from) => { pinyin.page(from, 9); }
                Key::Raw => { pinyin.commit_raw(); }
                Key::Clear => pinyin.clear(),
            }
            prop_assert_eq!(pinyin.is_composing(), !pinyin.page(0, 1).is_empty());
            prop_assert_eq!(pinyin.is_composing(), !pinyin.preedit().is_empty());
        }
    }

    #[test]
    fn letters_of_any_kind_can_be_chosen_away(letters in "[a-z]{1,30}", numbers in prop::collection::vec(0..9_usize, 30)) {
        let mut pinyin = typed(&letters);
        let mut left = letters.len();
        for number in numbers {
            let page = pinyin.page(0, 9);
            let Some(candidate) = page.get(number.min(page.len().saturating_sub(1))) else {
                break;
            };
            prop_assert!(candidate.letters > 0);
            prop_assert!(candidate.text.chars().count() <= candidate.letters);
            left -= candidate.letters;
            pinyin.choose(number.min(page.len() - 1));
        }
        prop_assert_eq!(left, 0);
        prop_assert!(!pinyin.is_composing());
    }

    #[test]
    fn as_many_characters_as_syllables(
        chosen in prop::collection::vec(prop::sample::select(syllables()), 1..6),
        numbers in prop::collection::vec(0..9_usize, 6),
    ) {
        let mut pinyin = typed(&chosen.join("'"));
        let mut inserted = String::new();
        for number in numbers {
            let last = pinyin.page(0, 9).len().saturating_sub(1);
            inserted.extend(pinyin.choose(number.min(last)));
        }
        prop_assert!(!pinyin.is_composing());
        prop_assert_eq!(inserted.chars().count(), chosen.len());
    }
}
