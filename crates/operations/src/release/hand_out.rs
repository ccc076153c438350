//! What a release writes: that somebody looked, or took pieces.

use domain::custody::{Charge, Collector, Custody, CustodyAct};
use domain::{EventBody, Goods, OrderLine, Quantity};

use super::Release;
use crate::codes::{FeedbackCode, LineStatus};
use crate::context::Context;
use crate::custody_shown::amount;
use crate::custody_view::{PieceFacts, PieceStanding};
use crate::custody_write::CustodyWrite;
use crate::flow::Out;
use crate::screen::{Line, Said};

impl Release {
    /// Who comes, as the act says it. What a proxy says is sealed by who writes it.
    fn collector(&self, out: &mut Out) -> Collector {
        let customer = self.seen.facts.as_ref().map(|facts| facts.customer);
        if let (Some(said), Some(customer)) = (&self.proxy, customer) {
            out.custody.push(CustodyWrite::Proxy {
                customer,
                said: said.clone(),
            });
        }
        Collector {
            is_proxy: self.proxy.is_some(),
            ticket_lost: self.lost,
            sealed: None,
        }
    }

    /// 临时开柜: the customer looks, and takes nothing.
    pub(super) fn look_into(&mut self, ctx: &Context, out: &mut Out) {
        let Some(deposit) = self.deposit else {
            return;
        };
        let pieces = std::mem::take(&mut self.scanned).into_iter().collect();
        let mut act = Custody::new(deposit, CustodyAct::Opened, pieces);
        act.collector = Some(self.collector(out));
        self.add_line(&act, LineStatus::Completed, ctx);
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(FeedbackCode::LookedInto, []);
    }

    /// A piece among those scanned that is worth so much that this device may not let it go alone, and what that is: it is not online,
    /// and others cannot know that it goes. The device that took the pieces in may.
    pub(super) fn held_back(&self) -> Option<(u32, i64)> {
        let facts = self.seen.facts.as_ref()?;
        let guarded = self.seen.guarded;
        if guarded == 0 || self.seen.is_online || facts.taken_in_here {
            return None;
        }
        let scanned = |piece: &&PieceFacts| self.scanned.contains(&piece.number);
        let mut held = facts.here().filter(scanned);
        held.find(|piece| piece.value >= guarded)
            .map(|piece| (piece.number, guarded))
    }

    pub(super) fn hand_out(&mut self, ctx: &Context, out: &mut Out) {
        let (Some(deposit), Some(facts)) = (self.deposit, self.seen.facts.clone()) else {
            return;
        };
        if let Some((number, guarded)) = self.held_back() {
            let value = amount(guarded, facts.fee.currency);
            out.refuse(FeedbackCode::PieceGuarded, [number.to_string(), value]);
            return;
        }
        for piece in facts.here().filter(|p| self.scanned.contains(&p.number)) {
            let PieceStanding::Here(bin) = &piece.standing else {
                continue;
            };
            let goods = Goods {
                unit: Some(piece.unit.clone()),
                ..Goods::of(piece.item.id)
            };
            out.events.push(Said {
                order: Some(OrderLine {
                    order: deposit.as_order(),
                    line: piece.number,
                }),
                ..EventBody::Issued {
                    bin: bin.id,
                    goods,
                    quantity: Quantity::ONE,
                }
                .into()
            });
        }
        let pieces: Vec<u32> = std::mem::take(&mut self.scanned).into_iter().collect();
        let mut act = Custody::new(deposit, CustodyAct::Released, pieces);
        act.collector = Some(self.collector(out));
        act.charge = Some(Charge {
            due: self.seen.due,
            taken: self.taken.unwrap_or(self.seen.due),
        });
        if facts.wish.is_some() {
            out.custody.push(CustodyWrite::WishAnswered {
                deposit,
                at: ctx.now,
            });
        }
        let left = facts.here().count() - act.pieces.len();
        let args = [act.pieces.len().to_string(), left.to_string()];
        self.add_line(&act, LineStatus::Saved, ctx);
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(FeedbackCode::HandedOut, args);
        out.finished = true;
    }

    fn add_line(&mut self, act: &Custody, status: LineStatus, ctx: &Context) {
        let numbers: Vec<String> = act.pieces.iter().map(u32::to_string).collect();
        let claim = self.seen.facts.as_ref().map(|f| f.claim.grouped());
        self.draft.add_line(Line {
            title: claim.unwrap_or_default(),
            subtitle: numbers.join(", "),
            quantity: act.pieces.len().to_string(),
            status,
            time: ctx.time_of_day.clone(),
        });
    }
}
