//! One file: how it reads, and what of that would survive a power cut.

use crate::random::Random;

/// A change that was not synced yet.
#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate { len: usize },
}

fn apply(image: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes } => {
            let end = at + bytes.len();
            if image.len() < end {
                image.resize(end, 0);
            }
            image[*at..end].copy_from_slice(bytes);
        }
        Change::Truncate { len } => image.truncate(*len),
    }
}

/// Smaller pieces of a write are never torn.
const SECTOR: usize = 512;

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    durable: Vec<u8>,
    /// Whether the file itself would be there.
    is_durable: bool,
    unsynced: Vec<Change>,
}

impl File {
    pub(super) fn from_image(content: &[u8]) -> Self {
        Self {
            content: content.to_owned(),
            durable: content.to_owned(),
            is_durable: true,
            unsynced: Vec::new(),
        }
    }

    fn change(&mut self, change: Change) {
        apply(&mut self.content, &change);
        self.unsynced.push(change);
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let bytes = bytes.to_owned();
        self.change(Change::Write { at, bytes });
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.change(Change::Truncate { len });
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            apply(&mut self.durable, &change);
        }
        self.is_durable = true;
    }

    /// The power goes. Returns whether the file is still there.
    pub(super) fn power_cut(&mut self, random: &mut Random) -> bool {
        let changes = std::mem::take(&mut self.unsynced);
        match random.below(3) {
            0 => {}
            1 => self.keep_first(&changes, random),
            // A disk writes in its own order.
            _ => {
                for change in &changes {
                    if random.one_in(2) {
                        apply(&mut self.durable, change);
                        self.is_durable = true;
                    }
                }
            }
        }
        self.content.clone_from(&self.durable);
        self.is_durable
    }

    fn keep_first(&mut self, changes: &[Change], random: &mut Random) {
        let kept = random.below(changes.len() as u64 + 1) as usize;
        for change in &changes[..kept] {
            apply(&mut self.durable, change);
            self.is_durable = true;
        }
        // The one after may be torn.
        if let Some(Change::Write { at, bytes }) = changes.get(kept) {
            let sectors = random.below((bytes.len() / SECTOR) as u64 + 1) as usize;
            let bytes = bytes[..sectors * SECTOR].to_vec();
            apply(&mut self.durable, &Change::Write { at: *at, bytes });
        }
    }
}
