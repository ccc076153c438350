//! Three answers that can be told apart with the eyes on the goods: short and high, double, long and low.
//!
//! Played by the sound program that the system has (`aplay` of ALSA, or `paplay` of PulseAudio and PipeWire). Where there
//! is none, or no loudspeaker, the screen alone answers.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};

use crate::view::Outcome;

const RATE: u32 = 16_000;
const PLAYERS: [(&str, &[&str]); 2] = [("aplay", &["-q", "-"]), ("paplay", &["/dev/stdin"])];

/// Plays on a thread of its own: a slow loudspeaker never holds up the next scan.
pub(super) struct Tones {
    queue: Sender<(Outcome, u32)>,
}

impl Tones {
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let (queue, tones) = channel();
        std::thread::Builder::new()
            .name("tones".to_owned())
            .spawn(move || {
                let mut players = PLAYERS.iter();
                let mut player = players.next();
                while let Ok((mut outcome, mut loudness)) = tones.recv() {
                    // Only the newest answer is worth hearing.
                    while let Ok(newer) = tones.try_recv() {
                        (outcome, loudness) = newer;
                    }
                    let wave = wave(outcome, loudness);
                    while let Some((program, arguments)) = player {
                        if play(program, arguments, &wave).is_ok() {
                            break;
                        }
                        player = players.next();
                    }
                }
            })?;
        Ok(Self { queue })
    }

    /// `loudness`: 0 to 100; 0 plays nothing.
    pub(super) fn play(&self, outcome: Outcome, loudness: u32) {
        if loudness > 0 {
            // Without the thread there is no sound, which is no reason to stop.
            let _ = self.queue.send((outcome, loudness));
        }
    }
}

/// An error means that this program is not there; that it cannot play is no reason to try another for each scan.
fn play(program: &str, arguments: &[&str], wave: &[u8]) -> std::io::Result<()> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(wave);
    }
    let _ = child.wait();
    Ok(())
}

/// A WAV file: 16 bits, one channel.
fn wave(outcome: Outcome, loudness: u32) -> Vec<u8> {
    // (hertz, milliseconds); 0 hertz is a pause.
    let notes: &[(f64, u32)] = match outcome {
        Outcome::Accepted => &[(1_760.0, 90)],
        Outcome::Attention => &[(1_175.0, 110), (0.0, 60), (1_175.0, 110)],
        Outcome::Refused => &[(220.0, 500)],
    };
    let peak = f64::from(loudness.min(100)) / 100.0 * 0.8 * f64::from(i16::MAX);
    let mut samples: Vec<u8> = Vec::new();
    for (hertz, ms) in notes {
        let count = RATE * ms / 1_000;
        for n in 0..count {
            // Soft ends: a note that starts at once clicks.
            let edge = f64::from(n.min(count - n)) / f64::from(RATE / 200);
            let angle = std::f64::consts::TAU * hertz * f64::from(n) / f64::from(RATE);
            let sample = (angle.sin() * edge.min(1.0) * peak) as i16;
            samples.extend(sample.to_le_bytes());
        }
    }
    let size = u32::try_from(samples.len()).unwrap_or(0);
    let mut wave = Vec::with_capacity(samples.len() + 44);
    wave.extend(b"RIFF");
    wave.extend((36 + size).to_le_bytes());
    wave.extend(b"WAVEfmt ");
    wave.extend(16_u32.to_le_bytes());
    wave.extend(1_u16.to_le_bytes());
    wave.extend(1_u16.to_le_bytes());
    wave.extend(RATE.to_le_bytes());
    wave.extend((RATE * 2).to_le_bytes());
    wave.extend(2_u16.to_le_bytes());
    wave.extend(16_u16.to_le_bytes());
    wave.extend(b"data");
    wave.extend(size.to_le_bytes());
    wave.extend(samples);
    wave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_waves_that_differ_and_grow_with_the_volume() {
        let outcomes = [Outcome::Accepted, Outcome::Attention, Outcome::Refused];
        let lengths = outcomes.map(|o| wave(o, 100).len());
        assert_eq!(lengths, [44 + 2_880, 44 + 8_960, 44 + 16_000]);
        let loudest = |loudness| {
            let wave = wave(Outcome::Refused, loudness);
            let samples = wave[44..].chunks(2);
            samples.map(|s| i16::from_le_bytes([s[0], s[1]])).max()
        };
        assert!(loudest(100) > loudest(20) && loudest(20) > Some(1_000));
    }
}
