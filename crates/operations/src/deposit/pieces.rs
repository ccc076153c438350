//! The pieces of a deposit: what is said of each, where they go, and what the customer signs of them.

use domain::custody::{Custody, CustodyAct, PIECES_MAX, PieceSaid, PieceSize, Terms};
use domain::ticket::{ClaimCode, PieceCode};
use domain::{DepositId, EventBody, Goods, OrderLine, Quantity, UnitId};
use serde::{Deserialize, Serialize};

use super::{Begun, Deposit};
use crate::codes::{FeedbackCode, LineStatus};
use crate::context::Context;
use crate::custody_write::CustodyWrite;
use crate::flow::Out;
use crate::screen::{Line, Said};
use crate::site_view::{BinFacts, ItemFacts, SiteView, ViewError};

/// A piece until it is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PieceDraft {
    pub(super) unit: String,
    /// Its number is that of a pre-printed label.
    #[serde(default)]
    pub(super) is_bound: bool,
    pub(super) item: ItemFacts,
    pub(super) condition: String,
    /// Code of its size, see [`PieceSize`].
    #[serde(default)]
    pub(super) size: String,
    pub(super) value: i64,
    pub(super) bin: Option<BinFacts>,
}

impl PieceDraft {
    fn said(&self, number: usize) -> PieceSaid {
        PieceSaid {
            number: number as u32,
            unit: UnitId::plate(&self.unit),
            item: self.item.id,
            size: self.size.clone(),
            condition: Vec::new(),
            value: self.value,
        }
    }

    fn write(&self, deposit: DepositId, number: usize) -> CustodyWrite {
        CustodyWrite::Piece {
            deposit,
            said: self.said(number),
            condition: self.condition.clone(),
        }
    }

    /// An empty bin of the category's class that has room for a piece of this size, from the front of the house on.
    pub(super) fn suggested(&self, view: &dyn SiteView) -> Result<Option<BinFacts>, ViewError> {
        let usual = view.handling(self.item.id)?;
        let mut needed = usual.times(Quantity::ONE);
        if let Some(size) = PieceSize::from_code(&self.size)
            && size != PieceSize::that_holds(usual.volume)
        {
            needed.volume = size.volume();
        }
        let front = BinFacts {
            id: domain::BinId::from_bytes([0; 16]),
            code: String::new(),
            sequence: 0,
        };
        let rooms = view.empty_bins_near(&front, &needed)?;
        Ok(rooms.into_iter().next().map(|room| room.bin))
    }
}

impl Deposit {
    /// What is said of a piece that is in the book already.
    pub(super) fn write_piece_again(&self, out: &mut Out) {
        let Some(begun) = &self.begun else {
            return;
        };
        let last = self.pieces.len();
        if let Some(piece) = self.pieces.last().filter(|p| p.bin.is_some()) {
            out.custody.push(piece.write(begun.id, last));
        }
    }

    /// `view` knows how much room the category takes, which is the size until somebody says another.
    pub(super) fn add_piece(
        &mut self,
        item: ItemFacts,
        view: &dyn SiteView,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        if self.pieces.len() >= PIECES_MAX {
            out.refuse(FeedbackCode::TooManyPieces, [PIECES_MAX.to_string()]);
            return Ok(());
        }
        let size = PieceSize::that_holds(view.handling(item.id)?.volume);
        let number = self.pieces.len() as u8;
        out.accept(
            FeedbackCode::PieceAdded,
            [(number + 1).to_string(), item.sku.clone()],
        );
        self.pieces.push(PieceDraft {
            unit: PieceCode::draw(self.seen.draw.letters(10 + number)).to_string(),
            is_bound: false,
            item,
            condition: String::new(),
            size: size.code(),
            value: 0,
            bin: None,
        });
        Ok(())
    }

    /// The size of the piece that waits for its bin.
    pub(super) fn size_again(&mut self, size: PieceSize, out: &mut Out) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.size = size.code();
            out.accept(FeedbackCode::SizeTaken, [piece.size.clone()]);
        }
        self.write_piece_again(out);
    }

    /// Writes what is not written yet of the customer and the deposit, and every piece without a place into this bin.
    pub(super) fn put_into(
        &mut self,
        bin: BinFacts,
        view: &dyn SiteView,
        ctx: &Context,
        out: &mut Out,
    ) -> Result<(), ViewError> {
        let Some(customer) = &mut self.customer else {
            return Ok(());
        };
        let terms = view.house_terms()?;
        if let Some(code) = customer.new.take() {
            out.custody.push(CustodyWrite::NewCustomer {
                id: customer.id,
                code,
                said: customer.said.clone(),
            });
        }
        let begun = match &self.begun {
            Some(begun) => begun.clone(),
            None => {
                let id = DepositId::from_bytes(self.seen.draw.id(1));
                let claim = ClaimCode::draw(terms.site, self.seen.draw.letters(1));
                let today = domain::site_day::site_day(ctx.now, &ctx.time_zone);
                let due = today
                    .filter(|_| terms.days > 0)
                    .and_then(|day| day.checked_add_days(chrono::Days::new(terms.days.into())));
                out.custody.push(CustodyWrite::NewDeposit {
                    id,
                    claim: claim.clone(),
                    customer: customer.id,
                    taken_at: ctx.now,
                    terms,
                    due,
                });
                Begun {
                    id,
                    claim: claim.to_string(),
                    taken_at: ctx.now,
                    due,
                }
            }
        };
        let mut put = 0;
        for (at, piece) in self.pieces.iter_mut().enumerate() {
            if piece.bin.is_some() {
                continue;
            }
            put += 1;
            piece.bin = Some(bin.clone());
            out.custody.push(piece.write(begun.id, at + 1));
            let goods = Goods {
                unit: Some(UnitId::plate(&piece.unit)),
                ..Goods::of(piece.item.id)
            };
            out.events.push(Said {
                order: Some(OrderLine {
                    order: begun.id.as_order(),
                    line: at as u32 + 1,
                }),
                ..EventBody::Received {
                    bin: bin.id,
                    goods,
                    quantity: Quantity::ONE,
                }
                .into()
            });
            self.draft.add_line(Line {
                title: piece.item.name(ctx.language).to_owned(),
                subtitle: format!("{} → {}", piece.unit, bin.code),
                quantity: (at + 1).to_string(),
                status: LineStatus::Saved,
                time: ctx.time_of_day.clone(),
            });
        }
        self.begun = Some(begun);
        out.accept(FeedbackCode::PiecesPut, [put.to_string(), bin.code]);
        Ok(())
    }

    /// What the customer signs.
    pub(super) fn take_in(&mut self, view: &dyn SiteView, out: &mut Out) -> Result<(), ViewError> {
        let (Some(begun), Some(customer)) = (&self.begun, &self.customer) else {
            return Ok(());
        };
        let Ok(claim) = ClaimCode::parse(&begun.claim) else {
            return Ok(());
        };
        let terms = view.house_terms()?;
        let said: Vec<PieceSaid> = (self.pieces.iter().zip(1..))
            .map(|(p, n)| p.said(n))
            .collect();
        let mut act = Custody::new(
            begun.id,
            CustodyAct::Deposited,
            said.iter().map(|piece| piece.number).collect(),
        );
        act.terms = Some(Terms {
            customer: customer.id,
            claim: claim.hash(),
            due: begun.due,
            fee: terms.fee,
            pieces: said,
            forbidden: terms.forbidden,
        });
        out.write(EventBody::Custody(Box::new(act)));
        out.accept(
            FeedbackCode::TakenIn,
            [self.pieces.len().to_string(), claim.grouped()],
        );
        out.finished = true;
        Ok(())
    }
}
