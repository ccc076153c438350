//! Labels of bins on sheets of paper.

use std::sync::LazyLock;

use labels::sheet::{Layout, pdf};
use labels::template::BinLabel;
use labels::{Arranged, FontBytes, Fonts};

use crate::console::view::{BinToLabel, Named};
use crate::error::AppError;
use crate::i18n::Lang;

static REGULAR: &[u8] = include_bytes!("../../../../device-app/ui/fonts/TallymanSans-Regular.otf");
static BOLD: &[u8] = include_bytes!("../../../../device-app/ui/fonts/TallymanSans-Bold.otf");

static FONTS: LazyLock<Option<Fonts>> =
    LazyLock::new(|| Fonts::new(FontBytes::Static(REGULAR), FontBytes::Static(BOLD)).ok());

/// The fonts of all labels.
pub(super) fn fonts() -> Result<&'static Fonts, AppError> {
    let fonts = FONTS.as_ref();
    fonts.ok_or_else(|| AppError::internal("the built-in fonts cannot be read"))
}

/// A label for each bin. The first sheet begins `skip` places later.
///
/// # Errors
/// [`AppError::Internal`]: the fonts cannot be read, or a label cannot be made; even the longest code fits on the smallest one.
pub(crate) fn bin_labels(
    bins: &[BinToLabel],
    site: &Named,
    lang: Lang,
    layout: &Layout,
    skip: usize,
) -> Result<Vec<u8>, AppError> {
    let fonts = fonts()?;
    let label = |bin: &BinToLabel| {
        let label = BinLabel {
            code: bin.code.clone(),
            scan: bin.code.clone(),
            place: site.name(lang).to_owned(),
            note: bin.zone.name(lang).to_owned(),
        };
        Arranged::new(&label.on(layout.stock), fonts).map_err(AppError::internal)
    };
    let labels: Vec<Arranged> = bins.iter().map(label).collect::<Result<_, _>>()?;
    Ok(pdf(&labels, layout, skip))
}
