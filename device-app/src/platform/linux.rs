//! Linux: sounds through the system's player, vibration through the kernel's transient LED trigger, battery from sysfs.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use super::Platform;
use crate::health::Health;
use crate::tones::Tones;
use crate::view::Outcome;

/// Where kernels of handhelds show their motor.
const MOTOR: &str = "/sys/class/leds/vibrator";

pub struct Linux {
    tones: Tones,
    /// `None` where the machine has no motor.
    motor: Option<Sender<Vec<u64>>>,
}

impl Linux {
    /// # Errors
    /// The system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let motor = match Vibrator::find(Path::new(MOTOR)) {
            Some(vibrator) => Some(start(vibrator)?),
            None => None,
        };
        Ok(Self {
            tones: Tones::start()?,
            motor,
        })
    }
}

impl Platform for Linux {
    fn sound(&mut self, outcome: Outcome, loudness: u32) {
        self.tones.play(outcome, loudness);
    }

    fn vibrate(&mut self, pattern_ms: &[u64]) {
        if let Some(motor) = &self.motor {
            // Without the thread nothing shakes, which is no reason to stop.
            let _ = motor.send(pattern_ms.to_vec());
        }
    }

    fn health(&mut self, folder: &Path) -> Health {
        super::power::health(folder)
    }
}

fn start(vibrator: Vibrator) -> std::io::Result<Sender<Vec<u64>>> {
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
