//! Vibration through the kernel's transient LED trigger.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// Shakes on a thread of its own: patterns go in.
///
/// # Errors
/// The system gives no thread.
pub(super) fn start(vibrator: Vibrator) -> std::io::Result<Sender<Vec<u64>>> {
    let (queue, patterns) = channel::<Vec<u64>>();
    std::thread::Builder::new()
        .name("vibrator".to_owned())
        .spawn(move || {
            while let Ok(mut pattern) = patterns.recv() {
                // Only the newest answer is worth feeling.
                while let Ok(newer) = patterns.try_recv() {
                    pattern = newer;
                }
                if let Err(error) = vibrator.play(&pattern, std::thread::sleep) {
                    tracing::warn!(%error, "nothing shakes");
                    break;
                }
            }
        })?;
    Ok(queue)
}

/// A motor behind the files `duration` and `activate` of a folder in sysfs.
pub struct Vibrator {
    folder: PathBuf,
}

impl Vibrator {
    pub fn find(folder: &Path) -> Option<Self> {
        let folder = folder.to_owned();
        (folder.join("duration").exists() && folder.join("activate").exists())
            .then_some(Self { folder })
    }

    /// Shakes and rests in turn; `wait` is what takes the time.
    ///
    /// # Errors
    /// The kernel does not take what is written.
    pub fn play(&self, pattern_ms: &[u64], mut wait: impl FnMut(Duration)) -> std::io::Result<()> {
        for (at, ms) in pattern_ms.iter().enumerate() {
            if at % 2 == 0 {
                std::fs::write(self.folder.join("duration"), ms.to_string())?;
                std::fs::write(self.folder.join("activate"), "1")?;
            }
            wait(Duration::from_millis(*ms));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_motor_gets_its_times_and_a_machine_without_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Vibrator::find(folder.path()).is_none());
        for file in ["duration", "activate"] {
            std::fs::write(folder.path().join(file), "0").unwrap();
        }
        let motor = Vibrator::find(folder.path()).unwrap();
        let read = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap();
        let mut waited = Vec::new();
        motor
            .play(&[120, 80, 110], |pause| {
                waited.push((pause.as_millis(), read("duration"), read("activate")));
                std::fs::write(folder.path().join("activate"), "0").unwrap();
            })
            .unwrap();
        let told = |ms, duration: &str, on: &str| (ms, duration.to_owned(), on.to_owned());
        assert_eq!(
            waited,
            [
                told(120, "120", "1"),
                told(80, "120", "0"),
                told(110, "110", "1")
            ]
        );
    }
}
