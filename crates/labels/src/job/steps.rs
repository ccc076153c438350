//! From what happened to what is next.

use crate::job::link::{
    Fence, Link, POLL_MS, Phase, READIES_AT_REST, READIES_BEFORE_FENCE_MAX, READIES_MAX, REST_MS,
    RUN_MAX, SILENCES_MAX, What,
};
use crate::job::{Answer, BackChannel, Event, Keep, Need, PrintJob, Progress, Question};
use crate::language::Language;
use crate::status::{self, Condition, Heard};

impl PrintJob {
    /// What came of the step. What does not belong to the step is ignored, except that a connection may be lost at any
    /// time.
    pub fn handle(&mut self, event: Event) -> Keep {
        if self.is_done() {
            return Keep::AsStored;
        }
        match (self.link.phase.clone(), event) {
            (Phase::Down { need: None }, Event::Connected) => self.connected(),
            (Phase::Down { .. }, Event::Rested) => self.down(None),
            (_, Event::ConnectionLost) => self.down(Some(Need::Reach)),
            (Phase::Sending(what), Event::Sent) => self.sent(what),
            (Phase::Listening, Event::Received(bytes)) => self.received(&bytes),
            (Phase::Listening, Event::Silence) => self.silent(),
            (Phase::Resting { .. }, Event::Rested) => self.ask_printer(),
            (Phase::Asking(asked), Event::Answered(question, answer)) if asked == question => {
                self.answered(&question, answer)
            }
            _ => Keep::AsStored,
        }
    }

    pub(super) fn bytes_of(&self, what: What) -> Vec<u8> {
        let question = || status::question(self.language, self.link.watched.is_none());
        match what {
            What::Forget => {
                let longest = self.contents.iter().map(Vec::len).max();
                status::forget_part(self.language, longest.unwrap_or(0))
            }
            What::Question { fence } => {
                let mut bytes = match fence {
                    Some(number) => status::fence(self.language, number),
                    None => Vec::new(),
                };
                bytes.extend_from_slice(question());
                bytes
            }
            What::Label(place) => {
                let label = self.labels.get(place);
                let content = label.and_then(|label| self.contents.get(label.content));
                let mut bytes = content.cloned().unwrap_or_default();
                if let Fence::Awaited(number) = self.link.fence {
                    bytes.extend(status::fence(self.language, number));
                }
                if self.back_channel != BackChannel::None {
                    bytes.extend_from_slice(question());
                }
                bytes
            }
        }
    }

    /// All that is sent and not proved is in doubt from here on.
    fn down(&mut self, need: Option<Need>) -> Keep {
        self.link = Link {
            phase: Phase::Down { need },
            ..Link::default()
        };
        Keep::AsStored
    }

    fn connected(&mut self) -> Keep {
        self.link = Link::default();
        if self.any(Progress::Sent) {
            // A part of it may lie in the printer, and swallow what comes next.
            self.link.phase = Phase::Sending(What::Forget);
            return Keep::AsStored;
        }
        self.begin()
    }

    fn begin(&mut self) -> Keep {
        if self.back_channel == BackChannel::None {
            return self.settled();
        }
        self.raise_fence();
        let fence = match self.link.fence {
            Fence::Awaited(number) => Some(number),
            Fence::None | Fence::Passed => None,
        };
        self.link.phase = Phase::Sending(What::Question { fence });
        // The fence's number is used up.
        Keep::Store
    }

    fn raise_fence(&mut self) {
        self.link.fence = if self.back_channel == BackChannel::Fence && self.has_fences() {
            self.fences = self.fences.wrapping_add(1);
            Fence::Awaited(self.fences)
        } else {
            Fence::None
        };
    }

    /// Whether "ready" alone proves nothing in this language.
    fn has_fences(&self) -> bool {
        matches!(self.language, Language::Tspl | Language::EscPos)
    }

    fn ask_printer(&mut self) -> Keep {
        self.link.phase = Phase::Sending(What::Question { fence: None });
        Keep::AsStored
    }

    fn rest(&mut self, ms: u32, need: Option<Need>) -> Keep {
        self.link.phase = Phase::Resting { ms, need };
        Keep::AsStored
    }

    fn sent(&mut self, what: What) -> Keep {
        match what {
            What::Forget => self.begin(),
            What::Label(_) if self.back_channel == BackChannel::None => self.settled(),
            What::Question { .. } | What::Label(_) => {
                self.link.unanswered = self.link.unanswered.saturating_add(1);
                self.link.phase = Phase::Listening;
                Keep::AsStored
            }
        }
    }

    fn silent(&mut self) -> Keep {
        self.link.silences = self.link.silences.saturating_add(1);
        if self.link.watched.is_none() || self.link.silences >= SILENCES_MAX {
            return self.down(Some(Need::MakeAnswer));
        }
        // Some are mute while paper is out or the head is open, so it may have been that.
        self.link.trouble = true;
        self.link.ear.forget();
        self.rest(POLL_MS, Some(Need::MakeAnswer))
    }

    fn received(&mut self, bytes: &[u8]) -> Keep {
        let mut last = None;
        for heard in self.link.ear.hear(self.language, bytes) {
            match heard {
                Heard::Fence(number) => {
                    if let Fence::Awaited(awaited) = self.link.fence
                        && number.is_none_or(|number| number == awaited)
                    {
                        self.link.fence = Fence::Passed;
                    }
                }
                Heard::Restarted => self.link.trouble = true,
                Heard::Condition(condition) => {
                    self.link.unanswered = self.link.unanswered.saturating_sub(1);
                    self.link.silences = 0;
                    last = Some((condition, self.link.fence));
                }
            }
        }
        match last {
            Some((condition, fence)) => self.found(condition, fence),
            None => Keep::AsStored,
        }
    }

    /// `fence`: as it was when the printer said the condition. One that passed after may have made it busy.
    fn found(&mut self, condition: Condition, fence: Fence) -> Keep {
        let need = match condition {
            Condition::Ready => return self.ready(fence),
            Condition::Busy => {
                self.link.busy_seen = true;
                self.link.readies = 0;
                return self.rest(POLL_MS, None);
            }
            Condition::PaperOut => Need::Paper,
            Condition::HeadOpen => Need::CloseHead,
            Condition::Paused => Need::Resume,
            Condition::Error => Need::SeeTo,
            Condition::Unknown => Need::CheckLanguage,
        };
        self.link.trouble = true;
        self.link.readies = 0;
        self.rest(REST_MS, Some(need))
    }

    fn ready(&mut self, fence: Fence) -> Keep {
        self.link.readies = self.link.readies.saturating_add(1);
        // One label is under way, so what it was busy with was that.
        let was_at_work = self.link.watched.is_some() && self.link.busy_seen;
        let stands_still = self.link.readies >= READIES_AT_REST;
        let proved = match fence {
            // The label was taken in; it may not have begun to come out.
            Fence::Passed => stands_still || (was_at_work && !self.link.trouble),
            Fence::Awaited(_) => false,
            Fence::None => !self.has_fences() || (was_at_work && !self.link.trouble),
        };
        if proved {
            return self.settled();
        }
        let enough = match fence {
            Fence::Awaited(_) => READIES_BEFORE_FENCE_MAX,
            Fence::None | Fence::Passed => READIES_MAX,
        };
        if self.link.readies < enough {
            return self.rest(POLL_MS, None);
        }
        if self.link.watched.is_some() {
            self.link.trouble = true;
        } else if let Fence::Awaited(_) = fence {
            // It answers, and knows no fence. From now on it counts as one that does not.
            self.back_channel = BackChannel::Status;
            self.link.fence = Fence::None;
        }
        let _ = self.settled();
        Keep::Store
    }

    /// The printer stands still and has nothing left to do, as far as can be known of it.
    fn settled(&mut self) -> Keep {
        let mut keep = Keep::AsStored;
        if let Some(watched) = self.link.watched {
            if self.link.trouble {
                self.link.phase = Phase::Asking(Question::CameOut { label: watched });
                return keep;
            }
            self.link.watched = None;
            self.mark(watched, Progress::Out);
            keep = Keep::Store;
        }
        let in_doubt = |n: &usize| {
            let sent = self.labels.get(*n).map(|label| label.progress) == Some(Progress::Sent);
            sent && !self.link.run.contains(n)
        };
        if let Some(label) = (0..self.labels.len()).find(in_doubt) {
            self.link.phase = Phase::Asking(Question::CameOut { label });
            return keep;
        }
        let next = self
            .labels
            .iter()
            .position(|label| label.progress == Progress::Waiting);
        if let Some(question) = self.question_of_run(next.is_none()) {
            self.link.phase = Phase::Asking(question);
            return keep;
        }
        match next {
            Some(_) if self.link.unanswered > 0 => self.link = Link::default(),
            Some(label) => {
                self.send(label);
                keep = Keep::Store;
            }
            None => {}
        }
        keep
    }

    fn send(&mut self, label: usize) {
        self.mark(label, Progress::Sent);
        if self.back_channel == BackChannel::None {
            self.link.run.push(label);
        } else {
            self.link.watched = Some(label);
            self.link.trouble = false;
            self.link.busy_seen = false;
            self.link.readies = 0;
            self.link.silences = 0;
            self.raise_fence();
        }
        self.link.phase = Phase::Sending(What::Label(label));
    }

    /// The question about what a printer without answers was sent, if it is time for it.
    fn question_of_run(&self, is_last: bool) -> Option<Question> {
        match self.link.run.as_slice() {
            [] => None,
            run if !is_last && run.len() < RUN_MAX => None,
            [label] => Some(Question::CameOut { label: *label }),
            run => Some(Question::AllCameOut {
                labels: run.to_vec(),
            }),
        }
    }

    fn answered(&mut self, question: &Question, answer: Answer) -> Keep {
        match (question, answer) {
            (_, Answer::Look) => return self.after_answer(),
            (Question::CameOut { label }, Answer::Yes) => self.mark(*label, Progress::Out),
            (Question::CameOut { label }, Answer::No) => self.mark(*label, Progress::Waiting),
            (Question::AllCameOut { labels }, Answer::Yes) => {
                for label in labels {
                    self.mark(*label, Progress::Out);
                }
            }
            // Now each is asked about by itself.
            (Question::AllCameOut { .. }, Answer::No) => {}
        }
        let settled = match question {
            Question::CameOut { label } => vec![*label],
            Question::AllCameOut { labels } => labels.clone(),
        };
        self.link.run.retain(|label| !settled.contains(label));
        if self
            .link
            .watched
            .is_some_and(|label| settled.contains(&label))
        {
            self.link.watched = None;
        }
        if answer == Answer::No && self.back_channel == BackChannel::None {
            // What was sent may have gone nowhere: a connection that is gone need not show it.
            self.link = Link::default();
        } else {
            let _ = self.after_answer();
        }
        Keep::Store
    }

    /// The printer may have been opened, or switched off, while the person looked.
    fn after_answer(&mut self) -> Keep {
        if self.back_channel == BackChannel::None {
            self.settled()
        } else {
            self.ask_printer()
        }
    }

    fn mark(&mut self, label: usize, progress: Progress) {
        if let Some(label) = self.labels.get_mut(label) {
            label.progress = progress;
        }
    }
}
