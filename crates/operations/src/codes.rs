//! Everything a procedure says, as stable codes. The screens turn them into words.

use crate::code_table::codes;

codes! {
    /// The procedures.
    Operation {
        /// Goods come in.
        Receive = "receive",
        /// Goods that came in go to where they are kept.
        PutAway = "put-away",
        /// Goods are fetched for an order.
        Pick = "pick",
        /// Goods go out.
        Issue = "issue",
        /// Goods change bins.
        Move = "move",
        /// A bin is counted.
        Count = "count",
        /// A customer's goods come back.
        Return = "return",
        /// A pick face is filled up.
        Replenish = "replenish",
        /// The book is corrected.
        Adjust = "adjust",
        /// Goods that came in are looked at.
        Inspect = "inspect",
        /// The next shift goes on.
        HandOver = "hand-over",
        /// What was fetched is checked and packed.
        Pack = "pack",
        /// What is this, and where is more of it?
        LookUp = "look-up",
        /// 寄存: a customer leaves something with us.
        Deposit = "deposit",
        /// 领取: a customer takes it again.
        Release = "release",
    }
}

impl Operation {
    /// Whether it goes by what is in stock, so that a device that holds none cannot offer it.
    pub const fn needs_stock(self) -> bool {
        !matches!(self, Self::Count | Self::HandOver | Self::LookUp)
    }
}

codes! {
    /// Why the book changes, or in what condition goods are.
    ReasonCode {
        /// Nobody finds it.
        Lost = "lost",
        /// Broken, and thrown away.
        Scrapped = "scrapped",
        /// Past its last good day, and thrown away.
        OutOfDate = "out-of-date",
        /// Taken for a test.
        Sample = "sample",
        /// Used by the house itself.
        OwnUse = "own-use",
        /// Written down twice.
        BookedTwice = "booked-twice",
        /// It lies here and is in no book.
        Found = "found",
        /// It came in and nobody wrote it down.
        NotBooked = "not-booked",
        /// It came broken.
        Damaged = "damaged",
        /// It came back as it went out.
        ReturnedSound = "returned-sound",
        /// It came back opened.
        ReturnedOpened = "returned-opened",
        /// It came back broken.
        ReturnedDamaged = "returned-damaged",
    }
}

impl ReasonCode {
    /// Why goods leave the book without going out.
    pub const LOSSES: [Self; 6] = [
        Self::Lost,
        Self::Scrapped,
        Self::OutOfDate,
        Self::Sample,
        Self::OwnUse,
        Self::BookedTwice,
    ];
    /// Why goods come into the book without coming in.
    pub const GAINS: [Self; 2] = [Self::Found, Self::NotBooked];
    /// How goods come back.
    pub const CONDITIONS: [Self; 3] = [
        Self::ReturnedSound,
        Self::ReturnedOpened,
        Self::ReturnedDamaged,
    ];
}

codes! {
    /// An answer to a question of a form.
    AnswerCode {
        /// So it is.
        Yes = "yes",
        /// It is not.
        No = "no",
        /// 合格
        Accepted = "accepted",
        /// 不合格
        Rejected = "rejected",
        /// 待检
        OnHold = "on-hold",
    }
}

impl AnswerCode {
    /// To a question about what is seen.
    pub const ANSWERS: [Self; 2] = [Self::Yes, Self::No];
    /// To the last question.
    pub const VERDICTS: [Self; 3] = [Self::Accepted, Self::Rejected, Self::OnHold];
}

codes! {
    /// How loud the answer is.
    Outcome {
        /// Done as meant.
        Accepted = "accepted",
        /// Done, or waiting for a yes: read this.
        Attention = "attention",
        /// Nothing was done.
        Refused = "refused",
    }
}

codes! {
    /// The one thing to do next.
    PromptCode {
        /// Any code opens something.
        ScanAnything = "scan-anything",
        /// Goods.
        ScanItem = "scan-item",
        /// The bin.
        ScanBin = "scan-bin",
        /// The bin that goods leave.
        ScanFromBin = "scan-from-bin",
        /// The bin that goods go to.
        ScanToBin = "scan-to-bin",
        /// More goods, or the end.
        ScanItemOrDone = "scan-item-or-done",
        /// The next bin, or the end.
        ScanBinOrDone = "scan-bin-or-done",
        /// A number.
        EnterQuantity = "enter-quantity",
        /// A yes or no; argument: the amount.
        ConfirmQuantity = "confirm-quantity",
        /// One code, several items.
        ChooseItem = "choose-item",
        /// Several lots are here.
        ChooseLot = "choose-lot",
        /// Several bins hold it.
        ChooseBin = "choose-bin",
        /// Typed or scanned.
        EnterLot = "enter-lot",
        /// Typed or scanned.
        EnterExpiry = "enter-expiry",
        /// Typed or scanned.
        EnterSerial = "enter-serial",
        /// Nobody knows the code.
        UnknownCodeChoose = "unknown-code-choose",
        /// The item that the unknown code belongs to.
        LinkScanItem = "link-scan-item",
        /// The next unit of the same goods: how many so far.
        ScanNextUnit = "scan-next-unit",
        /// Why the book changes.
        ChooseReason = "choose-reason",
        /// How it came back.
        ChooseCondition = "choose-condition",
        /// Pick faces that have less than they should.
        ChooseFace = "choose-face",
        /// No pick face has less than it should.
        NothingToReplenish = "nothing-to-replenish",
        /// Pick face, item: no other bin has any.
        NothingToFetch = "nothing-to-fetch",
        /// Receipts that nobody has looked at.
        ChooseReceipt = "choose-receipt",
        /// All of them were looked at.
        NothingToInspect = "nothing-to-inspect",
        /// Is it whole and dry?
        CheckPackaging = "check-packaging",
        /// Does it say what was ordered?
        CheckLabel = "check-label",
        /// Are the goods sound?
        CheckGoods = "check-goods",
        /// How many were looked at?
        EnterSample = "enter-sample",
        /// What was found.
        ChooseVerdict = "choose-verdict",
        /// Where goods go that were not accepted.
        ScanApartBin = "scan-apart-bin",
        /// Who goes on.
        ChoosePerson = "choose-person",
        /// Who goes on.
        NoteFor = "note-for",
        /// Every bin of the order is counted.
        AllCounted = "all-counted",
        /// Zero must be said twice.
        CountEmpty = "count-empty",
        /// Suggested bin.
        PutInto = "put-into",
        /// Orders are worked on here.
        ChooseOrder = "choose-order",
        /// The order was called off while it was worked on: order.
        StopOrder = "stop-order",
        /// Where what is picked goes.
        ScanStage = "scan-stage",
        /// Bin.
        GoToBin = "go-to-bin",
        /// Quantity, item.
        PickItem = "pick-item",
        /// What is left in a bin: bin.
        EnterRest = "enter-rest",
        /// Everything is fetched.
        AllPicked = "all-picked",
        /// The bin where what was picked waits.
        ScanWaitingBin = "scan-waiting-bin",
        /// The carton's label, or a new carton.
        ScanCarton = "scan-carton",
        /// Everything is in cartons.
        AllPacked = "all-packed",
        /// Something is missing, and the book knows no more of it.
        NothingMoreHere = "nothing-more-here",
        /// Whose is it?
        FindCustomer = "find-customer",
        /// What was typed: nobody is found by it.
        NobodyFound = "nobody-found",
        /// Several were found.
        ChooseCustomer = "choose-customer",
        /// Somebody new: 姓名.
        EnterName = "enter-name",
        /// 手机号.
        EnterPhone = "enter-phone",
        /// 证件号.
        EnterDocument = "enter-document",
        /// Others have the same telephone or document.
        SameCustomer = "same-customer",
        /// The list of forbidden goods.
        CheckForbidden = "check-forbidden",
        /// What it is.
        ChooseCategory = "choose-category",
        /// The catalogue has nothing that customers may leave.
        NoCategories = "no-categories",
        /// Suggested bin.
        PutPieceInto = "put-piece-into",
        /// 验收状况.
        EnterCondition = "enter-condition",
        /// 声明价值.
        EnterValue = "enter-value",
        /// The customer's name under it.
        CustomerSigns = "customer-signs",
        /// 取件凭证.
        ScanTicket = "scan-ticket",
        /// The end of the next piece's number, its bin.
        ScanPiece = "scan-piece",
        /// Which of what they left.
        ChooseDeposit = "choose-deposit",
        /// Nothing of theirs is here.
        NothingOfTheirs = "nothing-of-theirs",
        /// Who comes in the customer's stead.
        EnterProxyName = "enter-proxy-name",
        /// What was taken.
        EnterFee = "enter-fee",
        /// How many days longer.
        EnterDays = "enter-days",
        /// Length, width and height of a piece.
        EnterSize = "enter-size",
        /// Deposits whose term ends soon: how many are shown.
        DueSoon = "due-soon",
        /// Deposits whose term has ended: how many are shown.
        OverdueHere = "overdue-here",
        /// Deposits that nobody came for: how many are shown.
        AbandonedHere = "abandoned-here",
        /// None of them.
        NothingEnding = "nothing-ending",
    }
}

codes! {
    /// The answer to the last input.
    FeedbackCode {
        /// Quantity, item, bin.
        Received = "received",
        /// Quantity, item, bin.
        Issued = "issued",
        /// Quantity, item, carton.
        Packed = "packed",
        /// Carton.
        CartonOpened = "carton-opened",
        /// Carton.
        CartonClosed = "carton-closed",
        /// No carton is open.
        ScanCartonFirst = "scan-carton-first",
        /// Carton, order that it is for.
        CartonOfOtherOrder = "carton-of-other-order",
        /// Carton: nothing is in it any more.
        CartonGone = "carton-gone",
        /// Unit, carton that it is in by the book.
        UnitInCarton = "unit-in-carton",
        /// Carton, number of its lines.
        CartonLoaded = "carton-loaded",
        /// Carton, bin where it is.
        CartonHere = "carton-here",
        /// Carton, target bin.
        CartonMoved = "carton-moved",
        /// Carton, delivery that brings it.
        CartonArrives = "carton-arrives",
        /// Carton, number of its lines, bin.
        CartonReceived = "carton-received",
        /// Carton: some of what is in it was received by the piece.
        CartonPartly = "carton-partly",
        /// Quantity, item, target bin.
        Moved = "moved",
        /// Quantity, item, bin.
        CountedLine = "counted-line",
        /// Bin.
        BinSelected = "bin-selected",
        /// Bin.
        BinCountedEmpty = "bin-counted-empty",
        /// Item.
        ItemSelected = "item-selected",
        /// Lot.
        LotSelected = "lot-selected",
        /// Quantity.
        QuantitySet = "quantity-set",
        /// What was undone.
        Undone = "undone",
        /// Bin, number of lines.
        CountFinished = "count-finished",
        /// Code.
        SetAsideSaved = "set-aside-saved",
        /// Code, item.
        Linked = "linked",
        /// Code.
        UnknownCode = "unknown-code",
        /// Code.
        WrongCheckDigit = "wrong-check-digit",
        /// How many codes one trigger gave, and two of them that fit equally well.
        SeveralCodes = "several-codes",
        /// The elements of the code do not parse.
        MalformedGs1 = "malformed-gs1",
        /// A link that only its resolver can read.
        CompressedLink = "compressed-link",
        /// Another structured code does not parse.
        MalformedCode = "malformed-code",
        /// Bin scanned, bin expected.
        WrongBin = "wrong-bin",
        /// Bin.
        SameBin = "same-bin",
        /// Code.
        WrongKindHere = "wrong-kind-here",
        /// Time, operator.
        DuplicateScan = "duplicate-scan",
        /// Time, operator.
        UnitAlreadyIssued = "unit-already-issued",
        /// Day.
        Expired = "expired",
        /// Day of this label, day known of the lot.
        ExpiryDiffers = "expiry-differs",
        /// A question is open.
        AnswerFirst = "answer-first",
        /// A line is not complete yet.
        FinishLineFirst = "finish-line-first",
        /// Smallest, largest.
        QuantityOutOfRange = "quantity-out-of-range",
        /// Amount.
        QuantityTooLargeConfirm = "quantity-too-large-confirm",
        /// Item.
        QuantityNotWhole = "quantity-not-whole",
        /// What the book shows.
        NotEnoughHere = "not-enough-here",
        /// What was typed.
        DateMalformed = "date-malformed",
        /// It does not count any more.
        AlreadyUndone = "already-undone",
        /// No line to take back.
        NothingToUndo = "nothing-to-undo",
        /// Not by this person, or not this kind.
        CannotUndo = "cannot-undo",
        /// Bin.
        CountEmptyConfirm = "count-empty-confirm",
        /// Number of lines that stay saved.
        DiscardConfirm = "discard-confirm",
        /// Order, supplier or customer.
        OrderSelected = "order-selected",
        /// Order.
        OrderFinished = "order-finished",
        /// Order.
        OrderAlreadyFinished = "order-already-finished",
        /// Order.
        OrderCalledOff = "order-called-off",
        /// Order that was scanned.
        FinishOrderFirst = "finish-order-first",
        /// Item, order.
        NotOnOrder = "not-on-order",
        /// Ordered, what it would come to.
        MoreThanOrdered = "more-than-ordered",
        /// Number of lines that differ.
        OrderDiffersConfirm = "order-differs-confirm",
        /// Item.
        NothingToInspect = "nothing-to-inspect",
        /// Item.
        InspectedAccepted = "inspected-accepted",
        /// Item.
        InspectedRejected = "inspected-rejected",
        /// Item.
        InspectedOnHold = "inspected-on-hold",
        /// Name.
        PersonSelected = "person-selected",
        /// The same person cannot go on.
        HandOverToSelf = "hand-over-to-self",
        /// Who goes on is not chosen yet.
        ChoosePersonFirst = "choose-person-first",
        /// The note is kept.
        NoteTaken = "note-taken",
        /// Longest, in characters.
        NoteTooLong = "note-too-long",
        /// Name.
        HandedOver = "handed-over",
        /// Item.
        BatchBegun = "batch-begun",
        /// How many units, item.
        BatchEnded = "batch-ended",
        /// Bin.
        BinUnderCount = "bin-under-count",
        /// Bin, the count it is under.
        BinFrozenByCount = "bin-frozen-by-count",
        /// Bin: it is for defective goods.
        BinOfDefective = "bin-of-defective",
        /// Bin: it is for goods that came back.
        BinOfReturns = "bin-of-returns",
        /// Bin scanned, order.
        BinNotOnOrder = "bin-not-on-order",
        /// Bin.
        CountAgainConfirm = "count-again-confirm",
        /// Order.
        SomebodyElse = "somebody-else",
        /// What is corrected, how much the operator may alone.
        AdjustBeyondLimit = "adjust-beyond-limit",
        /// Item, percent that a count may differ.
        CountBeyondTolerance = "count-beyond-tolerance",
        /// How much more than ordered, percent that may be.
        OverReceiptBeyondTolerance = "over-receipt-beyond-tolerance",
        /// Signed quantity, item, bin.
        Adjusted = "adjusted",
        /// Quantity, item, bin.
        Returned = "returned",
        /// Bin where the book has it, since when.
        UnitNotOut = "unit-not-out",
        /// Quantity, item, pick face.
        Replenished = "replenished",
        /// Pick face, item.
        FaceSelected = "face-selected",
        /// Bin: no pick face.
        NoPickFace = "no-pick-face",
        /// Bin scanned, pick face.
        WrongFace = "wrong-face",
        /// Choose a pick face first.
        ChooseFaceFirst = "choose-face-first",
        /// The goods in hand came broken.
        MarkedDamaged = "marked-damaged",
        /// They did not.
        MarkedSound = "marked-sound",
        /// Quantity, item, bin.
        PutAway = "put-away",
        /// Bin scanned, bin suggested.
        OtherTargetConfirm = "other-target-confirm",
        /// Quantity, item, where it waits.
        Picked = "picked",
        /// Where what is picked goes.
        StageSelected = "stage-selected",
        /// Item, bin.
        PutOff = "put-off",
        /// No order is chosen.
        ChooseOrderFirst = "choose-order-first",
        /// Nobody said where what is picked goes.
        ScanStageFirst = "scan-stage-first",
        /// Bin that is due.
        ScanBinFirst = "scan-bin-first",
        /// Item scanned, item that is due.
        WrongItem = "wrong-item",
        /// What was scanned.
        NothingMoreToPick = "nothing-more-to-pick",
        /// Bin scanned, bin suggested.
        OtherBinConfirm = "other-bin-confirm",
        /// Lot in hand, lot suggested.
        OtherLotConfirm = "other-lot-confirm",
        /// Item, bin.
        EmptyNow = "empty-now",
        /// Item, bin.
        ShortConfirm = "short-confirm",
        /// Name.
        CustomerSelected = "customer-selected",
        /// The customer has said that nothing forbidden is in it.
        NothingForbidden = "nothing-forbidden",
        /// Number of the piece, category.
        PieceAdded = "piece-added",
        /// Number of the piece: a pre-printed label is its label now.
        LabelBound = "label-bound",
        /// How many, bin.
        PiecesPut = "pieces-put",
        /// How many pieces, claim code.
        TakenIn = "taken-in",
        /// Most.
        TooManyPieces = "too-many-pieces",
        /// Somebody has no name.
        NameMissing = "name-missing",
        /// What was typed, currency.
        AmountMalformed = "amount-malformed",
        /// What was typed, most.
        DaysMalformed = "days-malformed",
        /// Day that was typed, the last day as it is, the last day that can be agreed.
        TermPast = "term-past",
        /// What was typed.
        SizeMalformed = "size-malformed",
        /// Size.
        SizeTaken = "size-taken",
        /// Number of the piece, value from which pieces are guarded.
        PieceGuarded = "piece-guarded",
        /// A piece's label was read wrongly, or is damaged: code as read.
        LabelDamaged = "label-damaged",
        /// The customer signs when every piece lies somewhere.
        PutPiecesFirst = "put-pieces-first",
        /// A piece was scanned before its ticket: piece.
        ScanTicketFirst = "scan-ticket-first",
        /// The pieces are fetched, and the customer has not shown their ticket.
        TicketFirst = "ticket-first",
        /// Nothing was scanned that could be handed out.
        ScanPieceFirst = "scan-piece-first",
        /// This is not of the ticket: piece.
        WrongPiece = "wrong-piece",
        /// Number of the piece.
        PieceScannedBefore = "piece-scanned-before",
        /// Scanned, of how many.
        PieceMatched = "piece-matched",
        /// How many pieces are here.
        TicketFound = "ticket-found",
        /// Code as read.
        TicketDamaged = "ticket-damaged",
        /// Claim code.
        TicketUnknown = "ticket-unknown",
        /// Code of the other site.
        TicketOtherSite = "ticket-other-site",
        /// Time, operator.
        EverythingTaken = "everything-taken",
        /// A proxy says their name and shows a document.
        ProxyIncomplete = "proxy-incomplete",
        /// The new last day.
        TermExtended = "term-extended",
        /// The customer has looked and taken nothing.
        LookedInto = "looked-into",
        /// How many pieces went, how many stay.
        HandedOut = "handed-out",
    }
}

codes! {
    /// What a button does.
    ActionCode {
        /// The work is finished.
        Done = "done",
        /// Drop the line in hand, or answer no.
        Cancel = "cancel",
        /// Answer yes.
        Confirm = "confirm",
        /// Write the line in hand as it is.
        Next = "next",
        /// Take the last line back.
        Undo = "undo",
        /// Keep an unknown code for a supervisor.
        SetAside = "set-aside",
        /// Teach the catalogue an unknown code.
        LinkToItem = "link-to-item",
        /// The unknown code names a new unit of goods.
        NewPlate = "new-plate",
        /// Nothing lies here.
        BinEmpty = "bin-empty",
        /// Everything that the book shows.
        AllOfIt = "all-of-it",
        /// Another bin than the one shown.
        ChangeBin = "change-bin",
        /// The goods carry no lot.
        NoLot = "no-lot",
        /// The goods carry no date.
        NoExpiry = "no-expiry",
        /// The goods carry no serial number.
        NoSerial = "no-serial",
        /// Drop the whole work.
        Discard = "discard",
        /// The rest of the order comes another time.
        Later = "later",
        /// The goods in hand came broken.
        Damaged = "damaged",
        /// As much as is asked for here.
        AsAsked = "as-asked",
        /// Less lies here than the book shows.
        Short = "short",
        /// Another stop first.
        Skip = "skip",
        /// Another place where what is picked goes.
        ChangeStage = "change-stage",
        /// Go on with [`Operation::PutAway`].
        PutAway = "put-away",
        /// Go on with [`Operation::Pick`].
        Pick = "pick",
        /// Go on with [`Operation::Receive`].
        Receive = "receive",
        /// Go on with [`Operation::Issue`].
        Issue = "issue",
        /// Go on with [`Operation::Move`].
        Move = "move",
        /// Go on with [`Operation::Count`].
        Count = "count",
        /// Many units of the goods in hand, scanned one after the other.
        Batch = "batch",
        /// No more units of it.
        EndBatch = "end-batch",
        /// A carton without a label of its own.
        NewCarton = "new-carton",
        /// This carton is full.
        NextCarton = "next-carton",
        /// Go on with [`Operation::Pack`].
        Pack = "pack",
        /// Hand the shift over.
        HandOver = "hand-over",
        /// Go on with [`Operation::Return`].
        Return = "return",
        /// Go on with [`Operation::Adjust`].
        Adjust = "adjust",
        /// Somebody who is not known yet.
        NewCustomer = "new-customer",
        /// The customer says that nothing forbidden is in it.
        NothingForbidden = "nothing-forbidden",
        /// Say in what state the last piece is.
        Condition = "condition",
        /// Say what the last piece is worth.
        DeclaredValue = "declared-value",
        /// The last piece is small.
        SizeS = "size-s",
        /// Middling.
        SizeM = "size-m",
        /// Large.
        SizeL = "size-l",
        /// Very large.
        SizeXl = "size-xl",
        /// Length, width and height of the last piece are typed.
        Measure = "measure",
        /// Deposits whose term ends soon.
        DueSoon = "due-soon",
        /// Deposits whose term has ended.
        Overdue = "overdue",
        /// Deposits that nobody came for.
        Abandoned = "abandoned",
        /// Into the bin that is suggested.
        AsSuggested = "as-suggested",
        /// The customer signs, and the deposit is done.
        TakeIn = "take-in",
        /// There is no ticket.
        LostTicket = "lost-ticket",
        /// Somebody else comes.
        Proxy = "proxy",
        /// Something else is paid than what is due.
        OtherFee = "other-fee",
        /// It stays longer.
        Extend = "extend",
        /// 临时开柜.
        LookInto = "look-into",
        /// The customer signs, and takes what was scanned.
        HandOut = "hand-out",
    }
}

codes! {
    /// The name of something shown or asked for.
    FactCode {
        /// Item.
        Item = "item",
        /// Bin.
        Bin = "bin",
        /// Bin that goods leave.
        FromBin = "from-bin",
        /// Bin that goods go to.
        ToBin = "to-bin",
        /// Lot.
        Lot = "lot",
        /// Serial number.
        Serial = "serial",
        /// Last good day.
        Expiry = "expiry",
        /// Amount in hand.
        Quantity = "quantity",
        /// Licence plate.
        Unit = "unit",
        /// Base units in one scan.
        Pack = "pack",
        /// A code as it was read.
        Code = "code",
        /// Stock keeping unit.
        Sku = "sku",
        /// What the book shows at the whole site.
        OnHand = "on-hand",
        /// What the book shows in this bin.
        OnHandHere = "on-hand-here",
        /// How many lines.
        Lines = "lines",
        /// The scan before the unknown one, for context.
        LastGood = "last-good",
        /// Number of the order.
        Order = "order",
        /// Supplier or customer.
        Party = "party",
        /// What whoever works on it should know.
        Note = "note",
        /// Done of what is asked for.
        Ordered = "ordered",
        /// The carton that is filled.
        Carton = "carton",
        /// How many were looked at.
        Sample = "sample",
        /// Who goes on.
        Person = "person",
        /// Why, or in what condition.
        Reason = "reason",
        /// The pick face that is filled up.
        Face = "face",
        /// What it has, and what it should have.
        FaceHas = "face-has",
        /// How much is to be fetched here.
        ToPick = "to-pick",
        /// Where goods should be put.
        SuggestedBin = "suggested-bin",
        /// Why there: it is filled up to this.
        FillsUpTo = "fills-up-to",
        /// Why there: so much of the same lies there.
        SameGoodsThere = "same-goods-there",
        /// Why there: empty, and near this bin.
        EmptyNear = "empty-near",
        /// Name, telephone or document of a customer.
        Customer = "customer",
        /// 姓名.
        CustomerName = "customer-name",
        /// 手机号.
        Phone = "phone",
        /// 证件号.
        Document = "id-document",
        /// 验收状况.
        Condition = "condition",
        /// 声明价值.
        DeclaredValue = "declared-value",
        /// How large a piece is.
        Size = "size",
        /// 凭证码.
        ClaimCode = "claim-code",
        /// The last day of the term.
        Due = "due",
        /// The term has ended: its last day.
        Overdue = "overdue",
        /// The number on a piece's label.
        Piece = "piece",
        /// Scanned, of how many.
        Pieces = "pieces",
        /// Who comes in the customer's stead.
        Proxy = "proxy",
        /// What is due.
        FeeDue = "fee-due",
        /// What was taken.
        FeeTaken = "fee-taken",
        /// Days.
        Days = "days",
    }
}

codes! {
    /// What became of a line.
    LineStatus {
        /// Written.
        Saved = "saved",
        /// Taken back.
        Reversed = "reversed",
        /// In a count that is not finished.
        Counted = "counted",
        /// Kept for a supervisor.
        SetAside = "set-aside",
        /// Of an order: still to be done.
        Open = "open",
        /// Of an order: as much as was asked for.
        Completed = "completed",
    }
}
