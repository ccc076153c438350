//! What people type and what names are written with can be drawn: the system's fonts are never relied on.

use std::path::Path;

use swash::FontRef;

fn lacks(font: &FontRef<'_>, text: &str) -> String {
    let charmap = font.charmap();
    text.chars().filter(|c| charmap.map(*c) == 0).collect()
}

/// GBK and not GB2312, which lacks 喆 and 堃.
fn hanzi() -> String {
    let pairs = (0x81..=0xFE_u8).flat_map(|high| (0x40..=0xFE_u8).map(move |low| [high, low]));
    pairs
        .filter_map(|pair| {
            let (text, _, broken) = encoding_rs::GBK.decode(&pair);
            let character = text.chars().next()?;
            let hanzi = matches!(character, '\u{4e00}'..='\u{9fa5}');
            (hanzi && !broken).then_some(character)
        })
        .collect()
}

#[test]
fn the_fonts_have_every_character_of_gbk_and_every_key() {
    let hanzi = hanzi();
    assert_eq!(hanzi.chars().count(), 20_902);
    let keys = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/widgets/keyboard.slint"),
    )
    .unwrap();
    let keys: String = keys.chars().filter(|c| !c.is_control()).collect();
    for weight in ["Regular", "Bold"] {
        let path = format!("ui/fonts/TallymanSans-{weight}.otf");
        let data = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        let font = FontRef::from_index(&data, 0).unwrap();
        assert_eq!(lacks(&font, "喆堃镕昇瑨"), "", "{weight}");
        assert_eq!(lacks(&font, &hanzi), "", "{weight}");
        assert_eq!(lacks(&font, &keys), "", "{weight}");
        assert_eq!(
            lacks(&font, "\u{10ffff}"),
            "\u{10ffff}",
            "the test sees what is missing"
        );
    }
}
