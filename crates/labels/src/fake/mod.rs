//! A printer that is none: it takes the four languages, counts what came out, and fails on request.
//!
//! It does nothing by itself: its time goes on with [`FakePrinter::tick`], so that tests need no clock.

mod answer;
mod listen;
mod quoted;
mod serve;

use std::collections::VecDeque;

use crate::language::Language;
use crate::status::Condition;
use answer::{Known, words};
use listen::{AtOnce, Listener, Order};
pub use serve::FakeServer;

/// What differs from one printer to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// A label spoiled by the end of the paper or an opened head is printed again.
    pub reprints: bool,
    /// Labels in its memory are still there after it was switched off.
    pub keeps_labels: bool,
    /// A part of a label is still there after the connection was lost.
    pub keeps_part: bool,
    /// It does not answer while paper is out or the head is open.
    pub mute_in_trouble: bool,
    /// It says its condition at all.
    pub answers: bool,
    /// It knows fences.
    pub fences: bool,
    /// It takes in one order a tick, and answers questions before that.
    pub slow: bool,
}

impl Habits {
    /// So many choices as this; [`Habits::nth`] makes each.
    pub const COUNT: u32 = 1 << 7;

    /// The habits that the bits of a number choose.
    pub fn nth(number: u32) -> Self {
        let bit = |n: u32| number >> n & 1 == 1;
        Self {
            reprints: bit(0),
            keeps_labels: bit(1),
            keeps_part: bit(2),
            mute_in_trouble: bit(3),
            answers: bit(4),
            fences: bit(5),
            slow: bit(6),
        }
    }

    /// A good printer.
    pub fn good() -> Self {
        Self {
            reprints: true,
            keeps_labels: false,
            keeps_part: false,
            mute_in_trouble: false,
            answers: true,
            fences: true,
            slow: false,
        }
    }
}

/// What stops a printer in the middle of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    PaperOut,
    HeadOpen,
}

/// Something on the tray.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    /// The first barcode of the label.
    pub code: String,
    /// Otherwise it stopped in the middle, and a person throws it away.
    pub whole: bool,
}

/// A printer.
#[derive(Debug, Clone)]
pub struct FakePrinter {
    habits: Habits,
    listener: Listener,
    waiting: VecDeque<String>,
    printing: Option<String>,
    paper_out: bool,
    head_open: bool,
    fails_after: Option<(u32, Failure)>,
    restarted: bool,
    tray: Vec<Printed>,
    said: Vec<u8>,
    orders: Vec<Order>,
}

impl FakePrinter {
    /// A printer with paper, switched on.
    pub fn new(language: Language, habits: Habits) -> Self {
        Self {
            habits,
            listener: Listener::new(language),
            waiting: VecDeque::new(),
            printing: None,
            paper_out: false,
            head_open: false,
            fails_after: None,
            restarted: false,
            tray: Vec::new(),
            said: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Takes bytes in. Questions are answered at once, or not at all.
    pub fn receive(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.listener.receive(*byte) {
                AtOnce::Nothing => {}
                AtOnce::Answer => self.answer(),
                AtOnce::Acknowledge => self.restarted = false,
            }
        }
    }

    /// What it has said since it was last asked for it.
    pub fn take_said(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.said)
    }

    /// A moment passes: it reads what it was sent, and prints a little.
    pub fn tick(&mut self) {
        while let Some(order) = self.listener.next_order() {
            self.obey(order);
            if self.habits.slow {
                break;
            }
        }
        if self.paper_out || self.head_open {
            return;
        }
        match self.printing.take() {
            Some(code) => self.come_out(code),
            None => self.printing = self.waiting.pop_front(),
        }
    }

    /// The paper ends. What it is printing is spoiled.
    pub fn run_out_of_paper(&mut self) {
        self.paper_out = true;
        self.spoil(self.habits.reprints);
    }

    /// It fails in the middle of a label, after so many more have come out whole.
    pub fn fail_after(&mut self, whole: u32, failure: Failure) {
        self.fails_after = Some((whole, failure));
    }

    /// The head is opened. What it is printing is spoiled.
    pub fn open_head(&mut self) {
        self.head_open = true;
        self.spoil(self.habits.reprints);
    }

    /// A person puts paper in and closes the head.
    pub fn see_to(&mut self) {
        self.paper_out = false;
        self.head_open = false;
    }

    /// The connection is gone.
    pub fn disconnect(&mut self) {
        self.said.clear();
        if !self.habits.keeps_part {
            self.drain();
            self.listener.forget_part();
        }
    }

    /// It is switched off and on.
    pub fn restart(&mut self) {
        self.restarted = true;
        self.said.clear();
        if self.habits.keeps_labels {
            self.drain();
            self.spoil(true);
        } else {
            self.spoil(false);
            self.waiting.clear();
        }
        self.listener.restart();
    }

    /// What came out, in order.
    pub fn tray(&self) -> &[Printed] {
        &self.tray
    }

    /// How many whole labels with this barcode came out.
    pub fn count_of(&self, code: &str) -> usize {
        let whole = |printed: &&Printed| printed.whole && printed.code == code;
        self.tray.iter().filter(whole).count()
    }

    /// Whether paper is out or the head is open.
    pub fn is_in_trouble(&self) -> bool {
        self.paper_out || self.head_open
    }

    /// Whether it has nothing left that it could do without a person.
    pub fn stands_still(&self) -> bool {
        self.is_in_trouble()
            || (self.printing.is_none() && self.waiting.is_empty() && !self.listener.has_orders())
    }

    /// The orders that it understood and those that it did not, each by its name, in turn.
    pub fn orders(&self) -> impl Iterator<Item = Result<&str, &str>> {
        self.orders.iter().map(|order| match order {
            Order::Unknown(words) => Err(words.as_str()),
            other => Ok(other.name()),
        })
    }

    fn come_out(&mut self, code: String) {
        match self.fails_after {
            Some((0, failure)) => {
                self.fails_after = None;
                self.printing = Some(code);
                match failure {
                    Failure::PaperOut => self.run_out_of_paper(),
                    Failure::HeadOpen => self.open_head(),
                }
                return;
            }
            Some((whole, failure)) => self.fails_after = Some((whole - 1, failure)),
            None => {}
        }
        self.tray.push(Printed { code, whole: true });
    }

    fn drain(&mut self) {
        while let Some(order) = self.listener.next_order() {
            self.obey(order);
        }
    }

    fn spoil(&mut self, again: bool) {
        if let Some(code) = self.printing.take() {
            self.tray.push(Printed {
                code: code.clone(),
                whole: false,
            });
            if again {
                self.waiting.push_front(code);
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match &order {
            Order::Print(code) => self.waiting.push_back(code.clone()),
            Order::Fence(answer) if self.habits.fences && self.habits.answers => {
                self.said.extend_from_slice(answer);
            }
            Order::Fence(_) | Order::Draw(_) | Order::Set(_) | Order::Unknown(_) => {}
        }
        self.orders.push(order);
    }

    fn answer(&mut self) {
        if !self.habits.answers || (self.habits.mute_in_trouble && self.is_in_trouble()) {
            return;
        }
        let condition = if self.paper_out {
            Condition::PaperOut
        } else if self.head_open {
            Condition::HeadOpen
        } else if self.printing.is_some() || !self.waiting.is_empty() {
            Condition::Busy
        } else {
            Condition::Ready
        };
        let known = Known {
            condition,
            formats: self.waiting.len() + usize::from(self.listener.has_orders()),
            has_part: self.listener.has_part(),
            restarted: self.restarted,
        };
        self.said.extend(words(self.listener.language(), &known));
    }
}
