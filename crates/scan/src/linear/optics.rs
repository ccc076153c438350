//! The blur under which a line looks most like a code.

use std::sync::OnceLock;

use super::profile::Profile;
use super::trellis::{Alphabet, Fit, Looks, Model, Optics, Work, even_knots, fit};

/// Blur in modules, from a sharp print seen near to one out of focus.
const SIGMAS: [f32; 6] = [0.22, 0.35, 0.5, 0.68, 0.88, 1.12];
/// Where the search begins.
const SIGMA_FIRST: usize = 2;
/// Growth of bars in modules on each side: ink that spread, or paper that outshines it.
const GROWTHS: [f32; 3] = [0.0, 0.13, -0.13];

/// Share of a line's variance that a code must explain for the search to go on, and with which it
/// ends.
const EXPLAINED_START: f32 = 0.42;
const EXPLAINED_ENOUGH: f32 = 0.93;

/// Alphabets under every optics. Each is made when it is first asked for: large alphabets take
/// some milliseconds.
pub(crate) struct Tuned {
    alphabets: Vec<Alphabet>,
    order: Vec<usize>,
    /// By growth and sigma.
    looks: [[OnceLock<Looks>; SIGMAS.len()]; GROWTHS.len()],
}

impl Tuned {
    /// `order`: every pair of alphabets that may follow each other stands in it.
    pub(crate) fn new(alphabets: &[Alphabet], order: &[usize]) -> Self {
        Self {
            alphabets: alphabets.to_vec(),
            order: order.to_vec(),
            looks: Default::default(),
        }
    }

    fn at(&self, growth: usize, sigma: usize) -> &Looks {
        self.looks[growth][sigma].get_or_init(|| {
            let optics = Optics {
                sigma: SIGMAS[sigma],
                growth: GROWTHS[growth],
            };
            let mut looks = Looks::new(&self.alphabets, optics);
            looks.prepare(&self.order);
            looks
        })
    }

    /// The looks with which a search begins.
    pub(crate) fn first(&self) -> &Looks {
        self.at(0, SIGMA_FIRST)
    }
}

/// The best fit over all spans (begin and end in samples) of the model and over all optics.
pub(crate) fn tuned<'a>(
    line: &Profile,
    tuned: &'a Tuned,
    model: &Model,
    spans: &[(f32, f32)],
    whole: &dyn Fn(&Fit) -> bool,
    work: &Work,
) -> Option<Fit<'a>> {
    let mut best: Option<Fit> = None;
    for (from, to) in spans {
        let knots = even_knots(model, *from, *to);
        if let Some(found) = fit(line, model, tuned.first(), knots, 2, work)
            && best
                .as_ref()
                .is_none_or(|best| found.explained > best.explained)
        {
            best = Some(found);
        }
    }
    climb(line, tuned, model, best?, whole, work)
}

/// The fit under better optics. The search ends early with a fit that explains nearly everything
/// and of which `whole` holds.
pub(crate) fn climb<'a>(
    line: &Profile,
    tuned: &'a Tuned,
    model: &Model,
    mut best: Fit<'a>,
    whole: &dyn Fn(&Fit) -> bool,
    work: &Work,
) -> Option<Fit<'a>> {
    if best.explained < EXPLAINED_START {
        return None;
    }
    let enough = |best: &Fit| best.explained > EXPLAINED_ENOUGH && whole(best);
    let (mut growth, mut sigma) = (0, SIGMA_FIRST);
    let attempt = |best: &mut Fit<'a>, growth: usize, sigma: usize| {
        let looks = tuned.at(growth, sigma);
        match fit(line, model, looks, best.knots.clone(), 2, work) {
            Some(found) if found.explained > best.explained => {
                *best = found;
                true
            }
            _ => false,
        }
    };
    // Uphill along the blur, then along the growth, then along the blur again.
    for turn in 0..2 {
        for up in [true, false] {
            loop {
                if enough(&best) {
                    return Some(best);
                }
                let next = if up { sigma + 1 } else { sigma.wrapping_sub(1) };
                if next >= SIGMAS.len() || !attempt(&mut best, growth, next) {
                    break;
                }
                sigma = next;
            }
        }
        if turn == 0 {
            for other in 1..GROWTHS.len() {
                if attempt(&mut best, other, sigma) {
                    growth = other;
                    break;
                }
            }
            if growth == 0 {
                break;
            }
        }
    }
    Some(best)
}
