//! Lengths on a label and the dots that a print head makes of them.

use serde::{Deserialize, Serialize};

/// A length in tenths of a millimetre. Whole numbers, so that the same label is the same bytes on every machine.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Mm(u16);

impl Mm {
    /// Whole millimetres, at most 6,553; more is taken as that.
    pub const fn whole(mm: u16) -> Self {
        Self(if mm > 6_553 { 65_530 } else { mm * 10 })
    }

    /// Tenths of a millimetre.
    pub const fn tenths(tenths: u16) -> Self {
        Self(tenths)
    }

    /// In tenths of a millimetre.
    pub const fn in_tenths(self) -> u16 {
        self.0
    }

    /// In dots, rounded to the nearest.
    pub fn dots(self, density: Density) -> u32 {
        (u32::from(self.0) * density.dots_per_mm() + 5) / 10
    }

    /// So many hundredths of the length.
    pub fn percent(self, percent: u16) -> Self {
        let part = u32::from(self.0) * u32::from(percent) / 100;
        Self(u16::try_from(part).unwrap_or(u16::MAX))
    }

    /// The sum, or the greatest length there is.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or nothing.
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// How finely the head prints. A printer's "203 dpi" is 8 dots per mm, its "300 dpi" 12 (really 11.8: a label comes out
/// 1.6 % larger than said).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Density {
    Eight,
    Twelve,
}

impl Density {
    /// Every density.
    pub const ALL: [Density; 2] = [Density::Eight, Density::Twelve];

    /// Dots in a millimetre.
    pub const fn dots_per_mm(self) -> u32 {
        match self {
            Density::Eight => 8,
            Density::Twelve => 12,
        }
    }

    /// The narrowest module that a worn head still prints and a camera still reads: a quarter of a millimetre, in dots.
    pub(crate) const fn module_dots_min(self) -> u32 {
        self.dots_per_mm() / 4
    }
}

/// The labels in the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stock {
    pub width: Mm,
    pub height: Mm,
    /// Between two labels. None: a roll without gaps.
    pub gap: Mm,
    pub density: Density,
}

impl Stock {
    /// Labels of whole millimetres with the usual gap of 2 mm.
    pub const fn new(width_mm: u16, height_mm: u16, density: Density) -> Self {
        Self {
            width: Mm::whole(width_mm),
            height: Mm::whole(height_mm),
            gap: Mm::whole(2),
            density,
        }
    }

    /// The width in dots.
    pub fn width_dots(&self) -> u32 {
        self.width.dots(self.density)
    }

    /// The height in dots.
    pub fn height_dots(&self) -> u32 {
        self.height.dots(self.density)
    }
}
