//! What goes without a server and without a network: codes on the screen, codes seen, files.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use carry::file::{self, FILE_BYTES_MAX, FileError};
use carry::frames::{CONTENT_BYTES_MAX, Receiver, Seen, Sender};
use protocol::{Offer, Pairing, Parcel};
use replica::ReplicaError;

use super::machine::{Showing, Worker};
use super::neighbours::stands_in;
use super::qr::draw;
use super::sync_driver::SyncNews;
use crate::view::{CodeKind, Message, NearbyView, Outcome, Qr, ShownCode};

/// How long a frame of a moving QR stands.
const FRAME_MS: i64 = 250;
/// Bodies of one parcel in a file; its headers come on top, and all must stay below the file's limit for a parcel.
const FILE_PARCEL_BYTES_MAX: usize = 2 << 20;
/// Files of a folder that are listed.
const FILES_MAX: usize = 20;

/// What the screen of neighbours shows and has seen.
#[derive(Default)]
pub(crate) struct NearbyState {
    show: Option<Show>,
    receiver: Receiver,
    receiving: Option<(u32, u32)>,
    folder: Option<PathBuf>,
    files: Vec<String>,
}

struct Show {
    kind: CodeKind,
    offer: Offer,
    /// Of a moving QR.
    sender: Option<Sender>,
    frame: u32,
    next_at: i64,
    /// Empty while nobody knows yet where this device listens.
    qr: Qr,
}

impl NearbyState {
    /// Whether a code stands on the screen.
    pub(crate) fn is_showing(&self) -> bool {
        self.show.is_some()
    }

    /// When the next frame of a moving QR is due.
    pub(crate) fn due(&self) -> Option<i64> {
        let show = self.show.as_ref()?;
        show.sender.as_ref().map(|_| show.next_at)
    }
}

impl Worker {
    pub(crate) fn open_nearby(&mut self) {
        self.showing = Showing::Nearby;
        if self.nearby.folder.is_none() {
            self.nearby.folder = Some(usual_folder(&self.data_folder));
        }
        self.list_files();
    }

    /// Shows a QR in place of the menu.
    pub(crate) fn show_code(&mut self, kind: CodeKind) -> Result<(), ReplicaError> {
        self.hide_code();
        let certified = self.replica.identity().is_some_and(|i| !stands_in(i));
        if !certified {
            self.tell(Outcome::Refused, Message::new("pairing-not-enrolled"), "");
            return Ok(());
        }
        let mut show = Show {
            kind,
            offer: Offer::Sync,
            sender: None,
            frame: 0,
            next_at: self.now() + FRAME_MS,
            qr: Qr::default(),
        };
        match kind {
            CodeKind::Parcel => match self.moving_parcel()? {
                Some(sender) => {
                    show.qr = draw(&sender.frame(0));
                    show.sender = Some(sender);
                }
                None => return Ok(()),
            },
            CodeKind::SetUp if self.operator.is_none() => {
                // It hands the organisation's data to whoever scans it.
                self.tell(Outcome::Refused, Message::new("not-signed-in"), "");
                return Ok(());
            }
            CodeKind::SetUp => {
                let mut secret = [0; 16];
                if getrandom::fill(&mut secret).is_err() {
                    self.tell(Outcome::Refused, Message::new("internal"), "");
                    return Ok(());
                }
                show.offer = Offer::SetUp(secret);
            }
            CodeKind::Pair => {}
        }
        if kind != CodeKind::Parcel && !self.neighbours.may_listen() {
            self.tell(Outcome::Refused, Message::new("neighbours-off"), "");
            return Ok(());
        }
        self.open_nearby();
        self.watch_neighbours()?;
        if let Offer::SetUp(secret) = show.offer {
            self.neighbours.offer(Some(secret));
        }
        self.nearby.show = Some(show);
        self.draw_pairing();
        Ok(())
    }

    /// The QR of a place to connect to, now that it is known.
    pub(crate) fn draw_pairing(&mut self) {
        let (Some(text), Some(show)) = (self.pairing_text(), &mut self.nearby.show) else {
            return;
        };
        if show.sender.is_none() {
            show.qr = draw(&text);
        }
    }

    /// What the QR on the screen says, once it is known where this device listens.
    pub fn pairing_text(&self) -> Option<String> {
        let show = self.nearby.show.as_ref()?;
        let identity = self.replica.identity()?;
        if show.sender.is_some() || self.neighbours.listening.is_empty() {
            return None;
        }
        let pairing = Pairing {
            addresses: self.neighbours.listening.clone(),
            key: identity.key.public(),
            offer: show.offer,
        };
        Some(pairing.to_text())
    }

    /// A frame of the moving QR on the screen.
    pub fn frame_picture(&self, number: u32) -> Option<Qr> {
        let sender = self.nearby.show.as_ref()?.sender.as_ref()?;
        Some(draw(&sender.frame(number)))
    }

    pub(crate) fn hide_code(&mut self) {
        if self.nearby.show.take().is_some() {
            self.neighbours.offer(None);
        }
    }

    /// The next frame of a moving QR, when its time has come.
    pub(crate) fn animate(&mut self) {
        let now = self.now();
        let Some(show) = &mut self.nearby.show else {
            return;
        };
        if let Some(sender) = &show.sender
            && show.next_at <= now
        {
            show.frame = show.frame.wrapping_add(1);
            show.next_at = now + FRAME_MS;
            show.qr = draw(&sender.frame(show.frame));
        }
    }

    /// What the hub is not known to hold, if it is something and not too much for pictures.
    fn moving_parcel(&mut self) -> Result<Option<Sender>, ReplicaError> {
        let parcel = exchange::parcel_for(&mut self.replica, &[], CONTENT_BYTES_MAX)?;
        if parcel.is_empty() {
            self.tell(Outcome::Attention, Message::new("nothing-to-hand-over"), "");
            return Ok(None);
        }
        let packed = (!parcel.more)
            .then(|| file::write(&[parcel.to_bytes()]).ok())
            .flatten();
        let sender = packed.and_then(|bytes| Sender::new(&bytes).ok());
        if sender.is_none() {
            self.tell(Outcome::Refused, Message::new("too-much-for-qr"), "");
        }
        Ok(sender)
    }

    /// A frame of another handheld's moving QR.
    pub(crate) fn frame_seen(&mut self, text: &str) -> Result<(), ReplicaError> {
        if self.replica.identity().is_none() {
            self.tell(Outcome::Refused, Message::new("pairing-not-enrolled"), "");
            return Ok(());
        }
        if self.showing != Showing::Nearby {
            self.open_nearby();
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        match self.nearby.receiver.take(text) {
            Seen::Progress { have, of } => self.nearby.receiving = Some((count(have), count(of))),
            Seen::Foreign | Seen::Damaged => {
                self.nearby.receiving = None;
                self.tell(Outcome::Refused, Message::new("qr-damaged"), "");
            }
            Seen::Complete(bytes) => {
                self.nearby.receiving = None;
                return self.take_file(&bytes);
            }
        }
        Ok(())
    }

    /// Everything of this organisation that is here, into one file; the file is whole or not there at all.
    ///
    /// # Errors
    /// [`ReplicaError`]; other failures are told.
    pub fn export(&mut self, path: &Path) -> Result<(), ReplicaError> {
        let parcels = exchange::parcels_for_anyone(&mut self.replica, FILE_PARCEL_BYTES_MAX)?;
        let parcels: Vec<_> = parcels.iter().map(Parcel::to_bytes).collect();
        let events = self.waiting.total();
        let written = file::write(&parcels)
            .map_err(|e| e.code())
            .and_then(|bytes| {
                write_whole(path, &bytes).map_err(|error| {
                    tracing::warn!(%error, "the file was not written");
                    "file-not-written"
                })
            });
        match written {
            Ok(()) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                let message = Message::new("exported")
                    .with(name.to_string_lossy())
                    .with(events.to_string());
                self.tell(Outcome::Accepted, message, "");
            }
            Err(code) => self.tell(Outcome::Refused, Message::new(code), ""),
        }
        self.list_files();
        Ok(())
    }

    /// Takes in a file of another device.
    ///
    /// # Errors
    /// [`ReplicaError`]; other failures are told, and nothing is taken in then.
    pub fn import(&mut self, path: &Path) -> Result<(), ReplicaError> {
        match read_bounded(path) {
            Ok(bytes) => self.take_file(&bytes),
            Err(code) => {
                self.tell(Outcome::Refused, Message::new(code), "");
                Ok(())
            }
        }
    }

    fn take_file(&mut self, bytes: &[u8]) -> Result<(), ReplicaError> {
        let organisation = self.replica.enrolled()?.organisation;
        let parcels = match file::read(bytes) {
            Ok(parcels) => parcels,
            Err(error) => {
                self.tell(Outcome::Refused, Message::new(error.code()), "");
                return Ok(());
            }
        };
        let parcels: Result<Vec<Parcel>, _> =
            parcels.iter().map(|p| Parcel::from_bytes(p)).collect();
        // All are read before the first is taken in: a file that is wrong somewhere changes nothing.
        let Ok(parcels) = parcels else {
            let code = FileError::Damaged.code();
            self.tell(Outcome::Refused, Message::new(code), "");
            return Ok(());
        };
        if parcels.iter().any(|p| p.organisation != organisation) {
            self.tell(
                Outcome::Refused,
                Message::new("file-other-organisation"),
                "",
            );
            return Ok(());
        }
        let now = self.now();
        let (mut fresh, mut left_out) = (0, None);
        for parcel in &parcels {
            let taken = exchange::take(&mut self.replica, parcel, now)?;
            fresh += taken.fresh;
            left_out = left_out.or(taken.rejected);
        }
        self.note(SyncNews {
            took_in: true,
            ..SyncNews::default()
        })?;
        let (outcome, message) = match left_out {
            Some(rejected) => {
                tracing::warn!(%rejected, "part of a parcel was left out");
                (Outcome::Attention, Message::new("imported-in-part"))
            }
            None if fresh == 0 => (Outcome::Accepted, Message::new("imported-nothing-new")),
            None => (Outcome::Accepted, Message::new("imported")),
        };
        self.tell(outcome, message.with(fresh.to_string()), "");
        Ok(())
    }

    /// Exports under a name of this device and moment, into the folder that was typed.
    pub(crate) fn export_to(&mut self, folder: &str) -> Result<(), ReplicaError> {
        self.look_in(folder);
        let device = self.replica.identity().map(|i| i.device_name.clone());
        let name: String = device
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        let at = self.now() / 1_000;
        let Some(folder) = self.nearby.folder.clone() else {
            return Ok(());
        };
        self.export(&folder.join(format!("{name}-{at}.{}", file::EXTENSION)))
    }

    pub(crate) fn import_from(&mut self, name: &str) -> Result<(), ReplicaError> {
        match (
            &self.nearby.folder,
            self.nearby.files.iter().any(|f| f == name),
        ) {
            (Some(folder), true) => self.import(&folder.join(name)),
            _ => Ok(()),
        }
    }

    pub(crate) fn look_in(&mut self, folder: &str) {
        self.nearby.folder = Some(PathBuf::from(folder.trim()));
        self.list_files();
    }

    fn list_files(&mut self) {
        let Some(folder) = &self.nearby.folder else {
            return;
        };
        // A folder that cannot be read has no files for us.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_some_and(|e| e == file::EXTENSION)
            })
            .collect();
        files.sort_unstable_by(|a, b| b.cmp(a));
        files.truncate(FILES_MAX);
        self.nearby.files = files;
    }

    pub(crate) fn nearby_view(&self) -> NearbyView {
        let show = self.nearby.show.as_ref().map(|show| ShownCode {
            kind: show.kind,
            qr: show.qr.clone(),
            parts: show
                .sender
                .as_ref()
                .map_or(0, |s| u32::try_from(s.parts()).unwrap_or(0)),
        });
        let folder = self.nearby.folder.as_deref().unwrap_or(Path::new(""));
        NearbyView {
            enabled: self.settings.neighbours,
            neighbours: self.neighbours(),
            code: show,
            receiving: self.nearby.receiving,
            folder: folder.to_string_lossy().into_owned(),
            files: self.nearby.files.clone(),
            stands_in: self.replica.identity().is_none_or(stands_in),
        }
    }
}

/// A stick that is plugged in, else a folder beside the database.
fn usual_folder(data: &Path) -> PathBuf {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let stick = mounts
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .find(|at| ["/media/", "/run/media/"].iter().any(|m| at.starts_with(m)));
    stick.map_or_else(
        || data.join("parcels"),
        |at| PathBuf::from(at.replace("\\040", " ")),
    )
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let partial = path.with_extension("partial");
    let mut file = File::create(&partial)?;
    file.write_all(bytes)?;
    // A stick is pulled out as soon as the screen says so.
    file.sync_all()?;
    fs::rename(&partial, path)
}

/// The bytes of a file, or the code of what is wrong with it.
fn read_bounded(path: &Path) -> Result<Vec<u8>, &'static str> {
    let file = File::open(path).map_err(|_| "file-missing")?;
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX) + 1_024;
    let mut bytes = Vec::new();
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|_| "file-missing")?;
    Ok(bytes)
}
