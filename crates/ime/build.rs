//! Packs the word lists of `data/` and the readings of every GBK character into one sorted table.
//!
//! The table is read where it lies in the program, so that it costs no memory of its own and no time
//! at the start. `src/table.rs` says how it is laid out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::{env, fs};

use pinyin::ToPinyinMulti;

/// Syllables of the longest word.
const LONGEST: usize = 8;
/// How often a word of warehouse work, or of everyday talk there, counts as met.
const WAREHOUSE: u32 = 100_000;
const EVERYDAY: u32 = 5_000;
/// And a character of people's names.
const NAME: u32 = 1_500;
/// The least that a character weighs of the first standard's common and less common ones.
const LEVEL_ONE: u8 = 30;
const LEVEL_TWO: u8 = 15;

type Failure = Box<dyn std::error::Error>;
/// Text and reading, and how often both were met.
type Words = BTreeMap<(String, Vec<String>), u32>;
/// Reading, weight and text of a word, as they are packed.
type Packed = (Vec<u16>, u8, Vec<u16>);

fn main() {
    if let Err(error) = pack() {
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

fn pack() -> Result<(), Failure> {
    let mut words = Words::new();
    read_words(&mut words)?;
    let inside = readings_inside(&words);
    // Not before the readings were counted: their frequencies are made up.
    read_own(&mut words, "data/warehouse.txt", WAREHOUSE)?;
    read_own(&mut words, "data/everyday.txt", EVERYDAY)?;
    let mut entries = Vec::new();
    for ((text, reading), frequency) in words {
        entries.push((text, reading, quantised(frequency)));
    }
    entries.extend(characters(&inside)?);
    write(entries)
}

fn lines(path: &str) -> Result<Vec<String>, Failure> {
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let kept = text.lines().filter(|line| !line.starts_with('#'));
    Ok(kept.map(str::to_owned).collect())
}

fn syllables_of(reading: &str) -> Vec<String> {
    reading.split('\'').map(str::to_owned).collect()
}

fn meet(words: &mut Words, text: &str, reading: &str, frequency: u32) -> Result<(), Failure> {
    let reading = syllables_of(reading);
    if text.chars().count() != reading.len() || reading.len() > LONGEST {
        return Err(format!("{text} is not read {reading:?}").into());
    }
    let met = words.entry((text.to_owned(), reading)).or_default();
    *met = frequency.max(*met);
    Ok(())
}

fn read_words(words: &mut Words) -> Result<(), Failure> {
    for line in lines("data/words.txt")? {
        let mut parts = line.split(' ');
        let reading = parts.next().ok_or("a line without a reading")?;
        while let (Some(text), Some(frequency)) = (parts.next(), parts.next()) {
            meet(words, text, reading, frequency.parse()?)?;
        }
    }
    Ok(())
}

fn read_own(words: &mut Words, path: &str, frequency: u32) -> Result<(), Failure> {
    for line in lines(path)? {
        let (text, reading) = line.split_once(' ').ok_or("a line without a reading")?;
        meet(words, text, reading, frequency)?;
    }
    Ok(())
}

/// How often each character is read which way inside of words.
fn readings_inside(words: &Words) -> HashMap<(char, String), u32> {
    let mut inside = HashMap::new();
    for ((text, reading), frequency) in words {
        for (character, syllable) in text.chars().zip(reading) {
            let met: &mut u32 = inside.entry((character, syllable.clone())).or_default();
            *met = met.saturating_add(*frequency);
        }
    }
    inside
}

/// Every Chinese character of GBK with all its readings.
fn characters(
    inside: &HashMap<(char, String), u32>,
) -> Result<Vec<(String, Vec<String>, u8)>, Failure> {
    let mut own = HashMap::new();
    for line in lines("data/readings.txt")? {
        let (character, reading) = line.split_once(' ').ok_or("a line without a reading")?;
        own.insert(character.to_owned(), reading.to_owned());
    }
    let mut names = BTreeSet::new();
    for line in lines("data/names.txt")? {
        let (character, reading) = line.split_once(' ').ok_or("a line without a reading")?;
        names.insert((character.to_owned(), reading.to_owned()));
    }
    let mut alone = HashMap::new();
    for line in lines("data/characters.txt")? {
        let (character, frequency) = line.split_once(' ').ok_or("a line without a number")?;
        alone.insert(character.to_owned(), frequency.parse::<u32>()?);
    }
    let mut entries = Vec::new();
    for (character, level) in hanzi() {
        let text = character.to_string();
        let readings: Vec<String> = match (character.to_pinyin_multi(), own.get(&text)) {
            (Some(multi), _) => multi
                .into_iter()
                .map(|pinyin| typed(pinyin.plain()))
                .collect(),
            (None, Some(reading)) => vec![reading.clone()],
            (None, None) => return Err(format!("{character} has no reading").into()),
        };
        let mut seen = BTreeSet::new();
        for syllable in readings {
            if !seen.insert(syllable.clone()) {
                continue;
            }
            let within = inside.get(&(character, syllable.clone())).copied();
            let within = within.unwrap_or_default();
            // A list of words does not say how a word of one character was read. The first
            // reading is the usual one; another is as common as the words that have it.
            let mut frequency = if seen.len() == 1 {
                alone.get(&text).copied().unwrap_or_default() + within / 5
            } else {
                within / 3
            };
            let name = names.remove(&(text.clone(), syllable.clone()));
            if name {
                frequency = frequency.max(NAME);
            }
            let mut weight = quantised(frequency).max(level);
            if level == 0 && !name {
                // Many of these are in jieba's list only because texts were read in a wrong coding.
                weight = weight.min(LEVEL_TWO - 1);
            }
            entries.push((text.clone(), vec![syllable], weight));
        }
    }
    match names.first() {
        Some((character, reading)) => Err(format!("{character} is not read {reading}").into()),
        None => Ok(entries),
    }
}

/// A reading in the letters of a keyboard.
fn typed(plain: &str) -> String {
    plain.replace('ü', "v").replace('ê', "e")
}

/// The characters of GBK, and the least that each weighs: its first standard has two levels, the
/// common characters and the less common, and what it added is rare.
fn hanzi() -> Vec<(char, u8)> {
    let mut found = Vec::new();
    for high in 0x81..=0xFE_u8 {
        for low in 0x40..=0xFE_u8 {
            let pair = [high, low];
            let (text, _, broken) = encoding_rs::GBK.decode(&pair);
            let mut characters = text.chars();
            let (Some(character), None, false) = (characters.next(), characters.next(), broken)
            else {
                continue;
            };
            // Signs, and characters that stand a second time beside these for the sake of other
            // standards and look the same.
            if !matches!(character, '\u{4e00}'..='\u{9fa5}') {
                continue;
            }
            let level = match (high, low) {
                (0xB0..=0xD7, 0xA1..) => LEVEL_ONE,
                (0xD8..=0xF7, 0xA1..) => LEVEL_TWO,
                _ => 0,
            };
            found.push((character, level));
        }
    }
    found
}

/// 18 for each power of e.
fn quantised(frequency: u32) -> u8 {
    (18.0 * f64::from(frequency).ln_1p()).round().min(255.0) as u8
}

fn write(entries: Vec<(String, Vec<String>, u8)>) -> Result<(), Failure> {
    let syllables: BTreeSet<&String> = entries.iter().flat_map(|(_, reading, _)| reading).collect();
    let strange = syllables
        .iter()
        .find(|s| !s.bytes().all(|b| b.is_ascii_lowercase()));
    if let Some(strange) = strange {
        return Err(format!("{strange} is no syllable").into());
    }
    let ids: HashMap<&String, u16> = syllables.iter().copied().zip(0..).collect();
    let mut by_length: Vec<Vec<Packed>> = vec![Vec::new(); LONGEST];
    for (text, reading, weight) in &entries {
        let key = reading.iter().filter_map(|s| ids.get(s).copied()).collect();
        let units: Vec<u16> = text.encode_utf16().collect();
        if units.len() != reading.len() {
            return Err(format!("{text} needs more than one unit for a character").into());
        }
        let table = by_length.get_mut(reading.len() - 1);
        table
            .ok_or("a word without a length")?
            .push((key, *weight, units));
    }
    let mut packed = Vec::new();
    for table in &by_length {
        packed.extend(u32::try_from(table.len())?.to_le_bytes());
    }
    for table in &mut by_length {
        table.sort_by(
            |(key, weight, text), (other_key, other_weight, other_text)| {
                (key, other_weight, text).cmp(&(other_key, weight, other_text))
            },
        );
        let units = |pick: fn(&Packed) -> &Vec<u16>| {
            let all = table.iter().flat_map(pick);
            all.flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>()
        };
        packed.extend(units(|(key, _, _)| key));
        packed.extend(units(|(_, _, text)| text));
        packed.extend(table.iter().map(|(_, weight, _)| *weight));
    }
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("words.bin"), packed)?;
    let syllables: Vec<_> = syllables.into_iter().collect();
    let count = syllables.len();
    let source = format!("pub(crate) static SYLLABLES: [&str; {count}] = {syllables:?};\n");
    fs::write(Path::new(&out).join("syllables.rs"), source)?;
    Ok(())
}
