#![doc = include_str!("../README.md")]

mod arriving;
pub mod bin_code;
pub mod body;
pub mod catalogue;
pub mod certificate;
mod chunk;
pub mod code_patterns;
pub mod deposit;
mod guard;
pub mod instructions;
pub mod journal;
pub mod keys;
pub mod order;
pub mod partition;
pub mod receipt;
pub mod receipt_file;
pub mod record;
pub mod sealed;
pub mod segment;
pub mod snapshot;
pub mod stocktake;

pub use arriving::ArrivingContent;
pub use body::{Body, BodyError, Part};
pub use certificate::{Certificate, Role};
pub use deposit::{Deposit, HouseRules, Piece, Wish, WishKind};
pub use instructions::{Instructions, Lock};
pub use journal::{Journal, JournalEvent};
pub use keys::{PublicKey, Signature, SigningKey};
pub use order::{LineAsked, Order};
pub use partition::Partition;
pub use receipt::{Receipt, ReceiptError, Signer};
pub use record::{DocumentError, FieldConflict, FieldEdit, Record, RecordId, RecordKind, Value};
pub use sealed::{CustomerKey, Person, SealError};
pub use segment::{Accepted, Segment, SegmentError, SegmentHash, SegmentHeader, SegmentStatus};
pub use snapshot::{Manifest, SnapshotId};
pub use stocktake::{Closed, Stocktake, StocktakeKind, Tolerance};
