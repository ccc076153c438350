//! What to tell the person, so that it neither flickers nor nags.

use super::Hints;

/// What the person can do for the next frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It is too dark: a light helps.
    Light,
    /// Nothing is sharp: mostly the label is nearer than the lens can focus.
    Away,
}

/// How long the frames must ask for the same thing before it is said, in milliseconds.
const ASKED_MS: u64 = 600;
/// How long advice stays at least, in milliseconds: to be read.
const SAID_MS: u64 = 1_200;
/// How long no frame must have asked for it before it goes, in milliseconds.
const QUIET_MS: u64 = 400;

/// From the hints of each frame to advice that holds. Dark comes before blurred: in the dark nothing is
/// sharp.
#[derive(Clone, Debug, Default)]
pub struct Advisor {
    /// What frames ask for, the first and the last frame that did.
    asked: Option<(Advice, u64, u64)>,
    /// What is said, and since when.
    said: Option<(Advice, u64)>,
}

impl Advisor {
    /// What to say from now on. `reads`: whether the frame showed a code; then nothing need change.
    /// `now_ms` is of any one clock.
    pub fn take(&mut self, hints: Hints, reads: bool, now_ms: u64) -> Option<Advice> {
        let asks = match hints {
            _ if reads => None,
            Hints { torch: true, .. } => Some(Advice::Light),
            Hints { focus: true, .. } => Some(Advice::Away),
            _ => None,
        };
        self.asked = match (self.asked, asks) {
            (Some((known, first, _)), Some(advice)) if known == advice => {
                Some((advice, first, now_ms))
            }
            (_, Some(advice)) => Some((advice, now_ms, now_ms)),
            // A frame that was read needs no help, and neither do those after it.
            (_, None) if reads => None,
            (Some((_, _, last)), None) if now_ms.saturating_sub(last) >= QUIET_MS => None,
            (kept, None) => kept,
        };
        let due = self
            .asked
            .filter(|(_, first, last)| last.saturating_sub(*first) >= ASKED_MS)
            .map(|(advice, ..)| advice);
        let holds = self.said.is_some_and(|(said, since)| {
            due == Some(said) || now_ms.saturating_sub(since) < SAID_MS
        });
        if !holds {
            self.said = due.map(|advice| (advice, now_ms));
        }
        self.said.map(|(advice, _)| advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DARK: Hints = Hints {
        torch: true,
        focus: true,
    };
    const BLURRED: Hints = Hints {
        torch: false,
        focus: true,
    };
    const GOOD: Hints = Hints {
        torch: false,
        focus: false,
    };

    /// What is said at each of 30 frames a second.
    fn said(frames: impl IntoIterator<Item = (Hints, bool)>) -> Vec<Option<Advice>> {
        let mut advisor = Advisor::default();
        let frames = frames.into_iter().enumerate();
        frames
            .map(|(number, (hints, reads))| advisor.take(hints, reads, number as u64 * 33))
            .collect()
    }

    #[test]
    fn what_frames_go_on_asking_for_is_said() {
        let all = said([(BLURRED, false); 40]);
        assert_eq!(all[..18], [None; 18]);
        assert_eq!(all[20..], [Some(Advice::Away); 20]);
        assert_eq!(said([(DARK, false); 40])[39], Some(Advice::Light));
    }

    #[test]
    fn single_frames_change_nothing() {
        // Every fifth frame is blurred by the hand.
        let hand = (0..200).map(|at| (if at % 5 == 0 { BLURRED } else { GOOD }, at % 20 == 1));
        assert!(said(hand).iter().all(Option::is_none));
        // Every fifth frame of a dark hall is bright enough.
        let hall = (0..200).map(|at| (if at % 5 == 0 { GOOD } else { DARK }, false));
        let all = said(hall);
        let changes = all.windows(2).filter(|two| two[0] != two[1]).count();
        assert_eq!((changes, all[199]), (1, Some(Advice::Light)));
    }

    #[test]
    fn advice_stays_long_enough_to_be_read_and_goes_then() {
        let frames = [vec![(BLURRED, false); 22], vec![(GOOD, true); 60]].concat();
        let all = said(frames);
        let shown = all.iter().filter(|advice| advice.is_some()).count();
        assert!((30..=40).contains(&shown), "{shown} frames");
        assert_eq!(all[81], None);
    }

    #[test]
    fn what_is_read_needs_no_advice() {
        assert!(said([(DARK, true); 90]).iter().all(Option::is_none));
    }
}
