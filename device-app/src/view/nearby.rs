//! The screen of what goes without a server: handhelds nearby, codes, files.

use super::Line;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NearbyView {
    /// Whether this device exchanges with its neighbours by itself while the server does not answer.
    pub enabled: bool,
    /// `status`: `found`, `syncing`, `synced`, or the code of what went wrong.
    pub neighbours: Vec<Line>,
    /// Stands over all the rest.
    pub code: Option<ShownCode>,
    /// Parts of a moving QR that were seen, and all of them.
    pub receiving: Option<(u32, u32)>,
    /// Where files are written and looked for.
    pub folder: String,
    /// Names of parcel files there.
    pub files: Vec<String>,
    /// Nothing can be given: the server has not certified this device.
    pub stands_in: bool,
}

/// A QR for another handheld's camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCode {
    pub kind: CodeKind,
    pub qr: Qr,
    /// Parts of a moving QR; 0 for one that stands still.
    pub parts: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// Where this device listens.
    Pair,
    /// The same, with the secret that sets up a new handheld.
    SetUp,
    /// What only this device holds, as moving QR.
    Parcel,
}

/// Dark and light modules, without the quiet zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qr {
    /// Modules on each side.
    pub side: u32,
    /// Row by row, `side * side`; true is dark.
    pub dark: Vec<bool>,
}
