//! What procedures say of custody becomes records, keys and sealed bytes; and the customer's name under an act.

use std::collections::BTreeMap;

use documents::catalogue::Customer;
use documents::sealed::{CONDITION, PICTURE, PROXY, SEALED_MEDIA};
use documents::{CustomerKey, Deposit, FieldEdit, Partition, Person, Piece, RecordId, RecordKind};
use domain::{BlobKind, CustomerId, DepositId, EventBody, EventHash};
use operations::{ActionCode, CustodyWrite, Input, PersonSaid, Said, Task};
use replica::blobs::NewBlob;
use replica::{KeyState, RecordEdit, ReplicaError};

use super::machine::{Showing, Work, Worker, random_bytes};
use super::tasks::cause;
use crate::photo::Photo;
use crate::signature;
use crate::view::{Message, Outcome, SigningView, Strokes};

/// Pictures as they are kept.
pub(super) enum Pictures {
    /// The work is no custody: as they were taken.
    Open([NewBlob; 2]),
    /// Under the customer's key.
    Sealed([NewBlob; 2]),
    /// The customer's key has not come to this device, or was destroyed: no picture of theirs is kept.
    NoKey,
}

/// Records and keys of one commit.
#[derive(Debug, Default)]
pub(super) struct CustodyEdits {
    pub(super) edits: Vec<RecordEdit>,
    pub(super) keys: Vec<(CustomerId, CustomerKey)>,
}

fn person(said: &PersonSaid) -> Person {
    Person {
        name: said.name.clone(),
        phone: said.phone.clone(),
        document: said.document.clone(),
        note: String::new(),
    }
}

impl Worker {
    /// The records that a step of custody writes; its acts among `events` are given what they rest on.
    pub(super) fn custody_edits(
        &mut self,
        writes: &[CustodyWrite],
        events: &mut [Said],
    ) -> Result<CustodyEdits, ReplicaError> {
        let mut out = CustodyEdits::default();
        let Some(site) = self.site else {
            return Ok(out);
        };
        // Keys and codes that two machines could draw alike are worth nothing.
        if !writes.is_empty() && getrandom::fill(&mut [0; 32]).is_err() {
            return Err(ReplicaError::BadRow("random bytes"));
        }
        let mut deposits: BTreeMap<DepositId, Vec<FieldEdit>> = BTreeMap::new();
        for write in writes {
            match write {
                CustodyWrite::NewCustomer { id, code, said } => {
                    let key = CustomerKey::from_bytes(random_bytes());
                    let customer = Customer {
                        id: *id,
                        code: code.clone(),
                        name_en: String::new(),
                        name_zh: String::new(),
                    };
                    let mut fields = customer.to_fields();
                    fields.extend(person(said).seal(*id, &key, random_bytes));
                    out.edits.push(RecordEdit {
                        partition: Partition::Shared,
                        kind: RecordKind::Customer,
                        id: RecordId::from(*id),
                        fields,
                    });
                    out.keys.push((*id, key));
                }
                CustodyWrite::NewDeposit {
                    id,
                    claim,
                    customer,
                    taken_at,
                    terms,
                    due,
                } => {
                    let deposit = Deposit {
                        id: *id,
                        site,
                        claim: claim.clone(),
                        customer: *customer,
                        taken_at: *taken_at,
                        due: *due,
                        fee: terms.fee,
                        forbidden: terms.forbidden.clone(),
                        wish: None,
                        pieces: BTreeMap::new(),
                    };
                    deposits.entry(*id).or_default().extend(deposit.to_fields());
                }
                CustodyWrite::Piece {
                    deposit,
                    said,
                    condition,
                } => {
                    let piece = Piece {
                        unit: said.unit.clone(),
                        item: said.item,
                        size: said.size.clone(),
                        condition: self.sealed_condition(*deposit, condition, writes, &out.keys)?,
                        value: said.value,
                    };
                    let fields = piece.fields(said.number);
                    deposits.entry(*deposit).or_default().extend(fields);
                }
                CustodyWrite::WishAnswered { deposit, at } => {
                    let field = FieldEdit::set("wish_answered", *at);
                    deposits.entry(*deposit).or_default().push(field);
                }
                CustodyWrite::Due { deposit, due } => {
                    let field = Deposit::due_field(Some(*due));
                    deposits.entry(*deposit).or_default().push(field);
                }
                CustodyWrite::Proxy { customer, said } => {
                    self.seal_proxy(*customer, said, events)?;
                }
            }
        }
        out.edits
            .extend(deposits.into_iter().map(|(id, fields)| RecordEdit {
                partition: Partition::Site(site),
                kind: RecordKind::Deposit,
                id: RecordId::from(id),
                fields,
            }));
        self.complete_acts(events)?;
        Ok(out)
    }

    /// What is said of a piece, under the key of whoever left it; the key may be made by the same step. Without it nothing is kept.
    fn sealed_condition(
        &self,
        deposit: DepositId,
        words: &str,
        writes: &[CustodyWrite],
        made: &[(CustomerId, CustomerKey)],
    ) -> Result<Vec<u8>, ReplicaError> {
        let begun = writes.iter().find_map(|write| match write {
            CustodyWrite::NewDeposit { id, customer, .. } if *id == deposit => Some(*customer),
            _ => None,
        });
        let query = self.replica.query();
        let known = match begun {
            Some(customer) => Some(customer),
            None => query.deposit(deposit)?.map(|row| row.deposit.customer),
        };
        let Some(customer) = known else {
            return Ok(Vec::new());
        };
        let made = made.iter().find(|(of, _)| *of == customer);
        let key = match made {
            Some((_, key)) => key.clone(),
            None => match query.customer_key(customer)? {
                KeyState::Held(key) => key,
                KeyState::Destroyed | KeyState::Missing => return Ok(Vec::new()),
            },
        };
        Ok(key.seal_words(customer, CONDITION, random_bytes(), words))
    }

    /// Each act names the acts that it goes on from, and the pictures that were taken before it.
    fn complete_acts(&mut self, events: &mut [Said]) -> Result<(), ReplicaError> {
        for said in events {
            let EventBody::Custody(act) = &mut said.body else {
                continue;
            };
            let query = self.replica.query();
            act.after = query.last_acts(act.deposit)?;
            // The customer signs for the very words that stand in the record.
            if let (Some(terms), Some(row)) = (&mut act.terms, query.deposit(act.deposit)?) {
                for said in &mut terms.pieces {
                    let piece = row.deposit.pieces.get(&said.number);
                    said.condition = piece.map(|p| p.condition.clone()).unwrap_or_default();
                }
            }
            for event in self.events_of_pieces(act.deposit, &act.pieces)? {
                for row in query.attachments(event)? {
                    if let EventBody::Attached { blob, .. } = &row.placed.event.record.body
                        && blob.kind == BlobKind::Photo
                        && !act.photos.contains(&blob.id)
                    {
                        act.photos.push(blob.id);
                    }
                }
            }
            // A signature is for what was shown with it, and for nothing else.
            act.signature = match self.signature.take() {
                Some((deposit, signature)) if deposit == act.deposit => Some(signature),
                _ => None,
            };
        }
        Ok(())
    }

    /// What a proxy says can be read by whoever holds the customer's key. Without that key nothing is kept of it but that there was
    /// one.
    fn seal_proxy(
        &self,
        customer: CustomerId,
        said: &PersonSaid,
        events: &mut [Said],
    ) -> Result<(), ReplicaError> {
        let KeyState::Held(key) = self.replica.query().customer_key(customer)? else {
            return Ok(());
        };
        let words = [&said.name, &said.phone, &said.document].map(String::as_str);
        let sealed = key.seal(customer, PROXY, random_bytes(), words.join("\n").as_bytes());
        for event in events {
            if let EventBody::Custody(act) = &mut event.body
                && let Some(collector) = &mut act.collector
            {
                collector.sealed = Some(sealed.clone());
            }
        }
        Ok(())
    }

    /// The last event of each of these pieces.
    fn events_of_pieces(
        &self,
        deposit: DepositId,
        numbers: &[u32],
    ) -> Result<Vec<EventHash>, ReplicaError> {
        let query = self.replica.query();
        let Some(row) = query.deposit(deposit)? else {
            return Ok(Vec::new());
        };
        let pieces = query.pieces(&row.deposit)?.into_iter();
        Ok(pieces
            .filter(|piece| numbers.contains(&piece.number))
            .filter_map(|piece| piece.standing.map(|(_, _, since)| since))
            .collect())
    }

    /// The customer whose things the work under way is about.
    fn customer_of_work(&self) -> Result<Option<CustomerId>, ReplicaError> {
        let deposit = match self.work.as_ref().map(|work| &work.task) {
            Some(Task::Deposit(work)) => return Ok(work.customer()),
            Some(Task::Release(work)) => work.deposit(),
            _ => None,
        };
        let Some(deposit) = deposit else {
            return Ok(None);
        };
        let row = self.replica.query().deposit(deposit)?;
        Ok(row.map(|row| row.deposit.customer))
    }

    /// Pictures of what a customer left are sealed under their key.
    pub(super) fn pictures(&self, made: Photo) -> Result<Pictures, ReplicaError> {
        let Some(customer) = self.customer_of_work()? else {
            return Ok(Pictures::Open([made.photo, made.thumbnail]));
        };
        let KeyState::Held(key) = self.replica.query().customer_key(customer)? else {
            return Ok(Pictures::NoKey);
        };
        let seal = |blob: &NewBlob| NewBlob {
            content: key.seal(customer, PICTURE, random_bytes(), &blob.content),
            media: SEALED_MEDIA,
            kind: blob.kind,
        };
        Ok(Pictures::Sealed([seal(&made.photo), seal(&made.thumbnail)]))
    }

    /// Whether this button wants the customer's name first.
    pub(super) fn wants_signature(&mut self, action: ActionCode) -> Result<bool, ReplicaError> {
        // What the screen showed may be over: another device has handed it out, or this one is online again.
        self.refresh_custody()?;
        let complete = match self.work.as_ref().map(|work| &work.task) {
            Some(Task::Deposit(work)) => action == ActionCode::TakeIn && work.is_complete(),
            Some(Task::Release(work)) => action == ActionCode::HandOut && work.is_complete(),
            _ => false,
        };
        Ok(complete && !self.practises())
    }

    fn refresh_custody(&mut self) -> Result<(), ReplicaError> {
        let is_custody = |work: &Work| matches!(work.task, Task::Deposit(_) | Task::Release(_));
        let Some(mut work) = self.work.take_if(|work| is_custody(work)) else {
            return Ok(());
        };
        let refreshed = match self.stock_view() {
            Some(view) => work.task.refresh(&view, &self.context()).map_err(cause),
            None => Ok(()),
        };
        self.work = Some(work);
        refreshed
    }

    /// Hands the device to the customer; what they sign for is done when they have.
    pub(super) fn let_customer_sign(&mut self, action: ActionCode) {
        self.feedback = None;
        // One that was given for something that was never written is worth nothing any more.
        self.signature = None;
        self.signs_for = Some(action);
        self.showing = Showing::Signing;
    }

    /// What the customer signs for.
    pub(super) fn custody_signing_view(&self) -> Result<Option<SigningView>, ReplicaError> {
        let (deposit, pieces) = match self.work.as_ref().map(|work| &work.task) {
            Some(Task::Deposit(work)) => (work.deposit(), None),
            Some(Task::Release(work)) => (work.deposit(), Some(work.scanned())),
            _ => (None, None),
        };
        let query = self.replica.query();
        let row = match deposit {
            Some(deposit) => query.deposit(deposit)?,
            None => None,
        };
        let Some(row) = row else {
            return Ok(None);
        };
        let person = query.person(row.deposit.customer)?;
        let pieces = pieces.unwrap_or(row.deposit.pieces.len());
        Ok(Some(SigningView {
            order: row.deposit.claim.grouped(),
            party: person.map(|person| person.name).unwrap_or_default(),
            lines: u32::try_from(pieces).unwrap_or(u32::MAX),
        }))
    }

    /// The customer has signed: the picture is on the disk, sealed, before the act that names it.
    pub(super) fn customer_signed(
        &mut self,
        action: ActionCode,
        strokes: &Strokes,
    ) -> Result<(), ReplicaError> {
        let made = match signature::drawn(strokes) {
            Ok(made) => made,
            Err(error) => {
                self.tell(Outcome::Attention, Message::new(error.code()), "");
                return Ok(());
            }
        };
        let now = self.now();
        let deposit = match self.work.as_ref().map(|work| &work.task) {
            Some(Task::Deposit(work)) => work.deposit(),
            Some(Task::Release(work)) => work.deposit(),
            _ => None,
        };
        let pictures = self.pictures(made)?;
        let event = match deposit {
            Some(deposit) => {
                let all: Vec<u32> = (1..=domain::custody::PIECES_MAX as u32).collect();
                self.events_of_pieces(deposit, &all)?.into_iter().next()
            }
            None => None,
        };
        self.signs_for = None;
        self.showing = Showing::Task;
        if let (Some(event), Pictures::Sealed(pictures)) = (event, pictures) {
            let kept = self.blobs.store.put(event, &pictures, now)?;
            if let [blob, thumbnail] = kept.as_slice() {
                let attached = EventBody::Attached {
                    to: event,
                    blob: blob.clone(),
                    thumbnail: Some(thumbnail.clone()),
                };
                self.write(vec![attached.into()], &[], &[], None, None)?;
                self.blobs.store.bind(&kept)?;
                self.blobs.refresh()?;
                self.signature = deposit.map(|deposit| (deposit, blob.id));
            }
        }
        let done = self.run(Input::Action(action), "");
        if self.approval.is_none() {
            // Whatever became of it: it was given for this act and for no other.
            self.signature = None;
        }
        done
    }
}
