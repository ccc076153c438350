//! What can go wrong, and when in a cycle it does.

use std::time::Duration;

use testkit::random::Random;

/// One fault. Handhelds are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// `kill -9` of a handheld in the middle of its work.
    KillHandheld(usize),
    /// `kill -9` of the server, with syncs under way.
    KillServer,
    /// `SIGSTOP` of the server, later `SIGCONT`.
    HaltServer,
    /// Connections are closed, and new ones die.
    CutLine(usize),
    /// Connections stay open and pass nothing.
    StallLine(usize),
    /// As a bad radio link: 8 KB a second.
    SlowLine(usize),
    /// Bits arrive wrong.
    CorruptLine(usize),
    /// Open connections are lost without a word.
    LoseLine(usize),
    /// No byte is left on the disk of handheld 0.
    FillHandheld,
    /// No byte is left on the server's disk.
    FillServer,
}

impl Fault {
    /// For figures.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KillHandheld(_) => "kill-handheld",
            Self::KillServer => "kill-server",
            Self::HaltServer => "halt-server",
            Self::CutLine(_) => "cut-line",
            Self::StallLine(_) => "stall-line",
            Self::SlowLine(_) => "slow-line",
            Self::CorruptLine(_) => "corrupt-line",
            Self::LoseLine(_) => "lose-line",
            Self::FillHandheld => "fill-handheld",
            Self::FillServer => "fill-server",
        }
    }
}

/// Deals faults as from a pack of cards: each kind comes before any comes again, and the two kills twice.
pub(super) struct Pack {
    handhelds: usize,
    disks: bool,
    cards: Vec<Fault>,
}

impl Pack {
    /// `disks`: whether there are disks that can be filled.
    pub(super) const fn new(handhelds: usize, disks: bool) -> Self {
        Self {
            handhelds,
            disks,
            cards: Vec::new(),
        }
    }

    fn draw(&mut self, random: &mut Random) -> Fault {
        if self.cards.is_empty() {
            let mut any = || random.below(self.handhelds as u64) as usize;
            self.cards = vec![
                Fault::KillHandheld(any()),
                Fault::KillHandheld(any()),
                Fault::KillServer,
                Fault::KillServer,
                Fault::HaltServer,
                Fault::CutLine(any()),
                Fault::StallLine(any()),
                Fault::SlowLine(any()),
                Fault::CorruptLine(any()),
                Fault::LoseLine(any()),
            ];
            if self.disks {
                self.cards.extend([Fault::FillHandheld, Fault::FillServer]);
            }
        }
        let card = random.below(self.cards.len() as u64) as usize;
        self.cards.swap_remove(card)
    }

    /// The faults of one cycle, each kind once at most: a disk cannot be filled while it is full.
    pub(super) fn deal(&mut self, random: &mut Random) -> Vec<Planned> {
        let mut dealt: Vec<Planned> = Vec::new();
        for _ in 0..1 + random.below(3) {
            let fault = self.draw(random);
            if dealt.iter().all(|p| p.fault.name() != fault.name()) {
                dealt.push(Planned {
                    fault,
                    begins: Duration::from_millis(random.below(1_000)),
                    lasts: Duration::from_millis(300 + random.below(1_700)),
                });
            }
        }
        dealt
    }
}

/// A fault and its time in the cycle. A kill lasts no time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) fault: Fault,
    pub(super) begins: Duration,
    pub(super) lasts: Duration,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_dealt_before_any_comes_again_and_once_a_cycle() {
        let (mut pack, mut random) = (Pack::new(2, true), Random::new(3));
        for _ in 0..20 {
            let dealt: Vec<_> = (0..12).map(|_| pack.draw(&mut random)).collect();
            let kinds: BTreeSet<_> = dealt.iter().map(|fault| fault.name()).collect();
            assert_eq!(kinds.len(), 10, "{dealt:?}");
        }
        for _ in 0..2_000 {
            let dealt = pack.deal(&mut random);
            let kinds: BTreeSet<_> = dealt.iter().map(|p| p.fault.name()).collect();
            assert_eq!(kinds.len(), dealt.len(), "{dealt:?}");
        }
    }
}
