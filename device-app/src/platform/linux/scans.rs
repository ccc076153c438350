//! A scanner on a serial line (USB "COM port" mode, Bluetooth SPP), or a program of the device's maker that writes what its
//! engine decodes into a pipe: a line is a scan. Unlike keys, its bytes know no keyboard layout and no focus.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::lines::{Lines, PAUSE_MS};
use crate::platform::TakeScan;

/// A scanner that is not plugged in is looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Linux's O_NOCTTY: the line must not become the program's terminal. The same on x86-64, ARM and RISC-V.
const NOCTTY: i32 = 0o400;

/// The file gives no scans.
#[derive(Debug, thiserror::Error)]
pub enum NoScans {
    /// A file of a disk would give its old lines as new scans.
    #[error("{} is neither a serial line nor a pipe", .0.display())]
    Neither(PathBuf),
}

/// Where the lines come from.
pub(super) struct ScanLine {
    path: PathBuf,
}

impl ScanLine {
    pub(super) fn at(path: PathBuf) -> Result<Self, NoScans> {
        let line = Self { path };
        match line.check() {
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                Err(NoScans::Neither(line.path))
            }
            // It may come.
            _ => Ok(line),
        }
    }

    /// Whether it is a pipe; else it is a serial line.
    fn check(&self) -> io::Result<bool> {
        let kind = fs::metadata(&self.path)?.file_type();
        if kind.is_fifo() || kind.is_char_device() {
            Ok(kind.is_fifo())
        } else {
            Err(ErrorKind::InvalidInput.into())
        }
    }

    fn open(&self) -> io::Result<File> {
        let is_pipe = self.check()?;
        let file = OpenOptions::new()
            .read(true)
            // A pipe that we too could write into does not end with each of its writers.
            .write(is_pipe)
            .custom_flags(NOCTTY)
            .open(&self.path)?;
        if !is_pipe {
            labels::transport::make_raw(&self.path).map_err(io::Error::other)?;
        }
        Ok(file)
    }

    /// Reads on threads of its own until the program ends.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn listen(&self, take: TakeScan) -> io::Result<()> {
        let line = Self {
            path: self.path.clone(),
        };
        // Bounded: a scanner that sends faster than scans are taken waits.
        let (pieces, taken) = sync_channel::<Vec<u8>>(64);
        let named = |name: &str| thread::Builder::new().name(name.to_owned());
        named("scanner").spawn(move || line.read(&pieces))?;
        named("scans").spawn(move || {
            let (mut lines, started) = (Lines::default(), Instant::now());
            let now_ms = || u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            loop {
                let piece = match lines.has_begun() {
                    true => taken.recv_timeout(Duration::from_millis(PAUSE_MS)),
                    false => taken.recv().map_err(|_| RecvTimeoutError::Disconnected),
                };
                match piece {
                    Ok(bytes) => lines.take(&bytes, now_ms()).into_iter().for_each(&take),
                    Err(RecvTimeoutError::Timeout) => {
                        lines.end(now_ms()).into_iter().for_each(&take)
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        })?;
        Ok(())
    }

    fn read(&self, pieces: &SyncSender<Vec<u8>>) {
        let mut told = None;
        loop {
            let error = match self.open() {
                Ok(mut file) => {
                    told = None;
                    let mut buffer = [0; 1_024];
                    loop {
                        match file.read(&mut buffer) {
                            // The line hung up.
                            Ok(0) => break ErrorKind::UnexpectedEof.into(),
                            Ok(count) => {
                                let piece = buffer.get(..count).unwrap_or_default().to_vec();
                                if pieces.send(piece).is_err() {
                                    return;
                                }
                            }
                            Err(error) if error.kind() == ErrorKind::Interrupted => {}
                            Err(error) => break error,
                        }
                    }
                }
                Err(error) => error,
            };
            if told.replace(error.kind()) != Some(error.kind()) {
                tracing::warn!(%error, path = %self.path.display(), "no scanner");
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::platform::Scan;

    fn scan(text: &str) -> Scan {
        Scan {
            text: text.to_owned(),
            follows: false,
        }
    }

    #[test]
    fn a_pipe_gives_scans_from_one_writer_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let (to, scans) = channel();
        let send = move |scan| to.send(scan).unwrap();
        ScanLine::at(path.clone())
            .unwrap()
            .listen(Box::new(send))
            .unwrap();
        let next = || scans.recv_timeout(Duration::from_secs(60)).unwrap();
        for text in ["A-01", "LP\u{1d}77"] {
            fs::write(&path, format!("{text}\n")).unwrap();
            assert_eq!(next(), scan(text));
            // Or it would be of the same trigger.
            thread::sleep(Duration::from_millis(2 * scan::trigger::GAP_MS));
        }
        // One that ends nothing, and stays.
        let mut writer = OpenOptions::new().write(true).open(&path).unwrap();
        writer.write_all(b"BOLT").unwrap();
        assert_eq!(next(), scan("BOLT"));
    }

    #[test]
    fn two_scanners_at_the_same_time_do_not_mix() {
        let folder = tempfile::tempdir().unwrap();
        let (to, scans) = channel();
        let mut writers = Vec::new();
        for name in ["left", "right"] {
            let path = folder.path().join(name);
            assert!(
                Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap()
                    .success()
            );
            let to = to.clone();
            let send = move |scan| to.send(scan).unwrap();
            let line = ScanLine::at(path.clone()).unwrap();
            line.listen(Box::new(send)).unwrap();
            writers.push(OpenOptions::new().write(true).open(&path).unwrap());
        }
        let codes = ["4006381333931\n", "LP-0000-7777-X\n"];
        for at in 0..codes[1].len() {
            for (writer, code) in writers.iter_mut().zip(codes) {
                if let Some(byte) = code.as_bytes().get(at) {
                    writer.write_all(&[*byte]).unwrap();
                }
            }
        }
        let mut came: Vec<String> = (0..2)
            .map(|_| scans.recv_timeout(Duration::from_secs(60)).unwrap().text)
            .collect();
        came.sort();
        assert_eq!(came, codes.map(str::trim));
    }

    #[test]
    fn a_file_is_refused_and_what_is_not_there_yet_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scans");
        assert!(ScanLine::at(path.clone()).is_ok());
        fs::write(&path, "A-01\n").unwrap();
        assert!(matches!(ScanLine::at(path), Err(NoScans::Neither(_))));
        assert!(ScanLine::at(folder.path().to_owned()).is_err());
    }
}
