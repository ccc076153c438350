//! One invented view for each screen.

use super::Goods;
use crate::view::{
    Action, Choice, CodeKind, Detail, Draft, EnrolView, Entry, Fact, HistoryRow, HistoryView, Hit,
    HomeView, Keypad, LastScan, Line, LineState, LockedView, LookUpView, Message, NearbyView,
    OperationTile, OperatorTile, OthersDraft, PrinterView, Qr, Rack, RawScan, RecentLine, Screen,
    SettingsView, ShownCode, SignInView, StockRow, StoppedView, SyncView, TaskView, Weight,
};

pub(super) fn enrol() -> Screen {
    Screen::Enrol(EnrolView {
        server_url: "https://tallyman.example:8443".into(),
        code: String::new(),
        device_name: "HH-07".into(),
        busy: false,
        error: Some(Message::new("enrol-code-used")),
        can_skip: true,
    })
}

pub(super) fn sign_in(goods: &Goods, chosen: Option<&str>) -> Screen {
    let operators = goods
        .operators
        .iter()
        .enumerate()
        .map(|(at, name)| OperatorTile {
            id: format!("o{}", at + 1),
            name: (*name).into(),
        });
    Screen::SignIn(SignInView {
        site: goods.site.into(),
        operators: operators.collect(),
        chosen: chosen.map(Into::into),
        pin_length: 2,
        error: chosen.map(|_| Message::new("wrong-pin")),
        locked_seconds: 0,
        approval: None,
    })
}

pub(super) fn home(goods: &Goods) -> HomeView {
    let recent = |time: &str, operation: &str, text: &str, quantity: &str| RecentLine {
        time: time.into(),
        operation: operation.into(),
        text: text.into(),
        quantity: quantity.into(),
    };
    HomeView {
        site: goods.site.into(),
        resumable: Some(Draft {
            operation: "count".into(),
            title: "A-03-1".into(),
            started: "13:20".into(),
            lines: 7,
        }),
        of_others: Vec::new(),
        recent: vec![
            recent("14:02", "receive", goods.bolt, "+12"),
            recent("13:58", "move", goods.glove, "40"),
            recent("13:41", "issue", goods.oil, "−2.5"),
        ],
        lines_today: 84,
        counts_only: false,
        operations: operations::Operation::ALL
            .iter()
            .filter(|o| **o != operations::Operation::LookUp)
            .map(|o| OperationTile {
                code: o.code().to_owned(),
                barred: false,
            })
            .collect(),
    }
}

/// A person who may not do everything: some tiles need an approval.
pub(super) fn home_barred(goods: &Goods) -> HomeView {
    let mut home = home(goods);
    for tile in &mut home.operations {
        tile.barred =
            !["put-away", "pick", "issue", "move", "hand-over"].contains(&tile.code.as_str());
    }
    home
}

/// Somebody is asked to approve it: the tiles, or the PIN of the one who was chosen.
pub(super) fn approval(goods: &Goods, why: Message, chosen: Option<&str>) -> Screen {
    let Screen::SignIn(mut view) = sign_in(goods, chosen) else {
        return Screen::Gallery;
    };
    // Nobody approves their own work.
    view.operators
        .retain(|o| ["o1", "o4"].contains(&o.id.as_str()));
    view.error = None;
    view.approval = Some(why);
    Screen::SignIn(view)
}

/// A device that only counts.
pub(super) fn home_counter(goods: &Goods) -> HomeView {
    let home = home(goods);
    let mut operations = home.operations.clone();
    let offered = operations::Operation::ALL.iter();
    let offered: Vec<&str> = offered
        .filter(|o| !o.needs_stock())
        .map(|o| o.code())
        .collect();
    operations.retain(|tile| offered.contains(&tile.code.as_str()));
    let counted = |time: &str, bin: &str, quantity: &str| RecentLine {
        time: time.into(),
        operation: "count".into(),
        text: bin.into(),
        quantity: quantity.into(),
    };
    HomeView {
        resumable: None,
        recent: vec![
            counted("14:02", "A-03-1", "3"),
            counted("13:58", "A-03-2", "1"),
        ],
        lines_today: 2,
        counts_only: true,
        operations,
        ..home
    }
}

/// What a device that only counts says of an item.
pub(super) fn look_up_counter(goods: &Goods) -> LookUpView {
    let mut view = look_up(goods, true);
    for hit in &mut view.hits {
        hit.quantity.clear();
    }
    if let Some(detail) = &mut view.detail {
        detail.counts_only = true;
        detail.facts.retain(|fact| !fact.emphasis);
        detail.stock.clear();
        detail.history.clear();
    }
    view
}

/// Others have not finished what they began on this device.
pub(super) fn home_of_others(goods: &Goods) -> HomeView {
    let home = home(goods);
    let of = |id: &str, operator: usize, operation: &str, title: &str| OthersDraft {
        id: id.into(),
        name: goods.operators[operator].into(),
        draft: Draft {
            operation: operation.into(),
            title: title.into(),
            started: "11:40".into(),
            lines: 4,
        },
    };
    HomeView {
        resumable: None,
        of_others: vec![of("o1", 0, "receive", "PO-260501"), of("o3", 3, "pick", "")],
        ..home
    }
}

pub(super) fn fact(label: &str, value: &str, emphasis: bool) -> Fact {
    Fact {
        label: label.into(),
        value: value.into(),
        emphasis,
    }
}

pub(super) fn line(title: &str, subtitle: &str, quantity: &str, status: &str) -> Line {
    Line {
        title: title.into(),
        subtitle: subtitle.into(),
        quantity: quantity.into(),
        status: status.into(),
    }
}

pub(super) fn last(goods: &Goods) -> LastScan {
    LastScan {
        message: Message::new("received")
            .with("12")
            .with(goods.bolt)
            .with("A-03-1"),
        time: "14:02".into(),
        can_undo: true,
    }
}

pub(super) fn receiving(goods: &Goods) -> TaskView {
    TaskView {
        operation: "receive".into(),
        prompt: Message::new("scan-item-or-done"),
        facts: vec![
            fact("bin", "A-03-1", true),
            fact("lines", "3", false),
            fact("supplier", goods.supplier, false),
        ],
        lines: vec![
            line(goods.bolt, "SKU 10-4021 · 26B07", "12", "saved"),
            line(goods.glove, "SKU 77-0090", "40", "saved"),
            line(goods.oil, "SKU 31-0046 · 2025-11", "2.5", "reversed"),
        ],
        actions: vec![
            Action::new("change-bin", Weight::Normal),
            Action::new("change-quantity", Weight::Normal),
            Action::new("cancel", Weight::Danger),
            Action::new("done", Weight::Primary),
        ],
        last: Some(last(goods)),
        can_photograph: true,
        ..TaskView::default()
    }
}

/// Deliveries that can be chosen before anything is scanned.
pub(super) fn deliveries(goods: &Goods) -> TaskView {
    let choice = |code: &str, done: &str| Choice {
        id: code.into(),
        title: code.into(),
        subtitle: goods.supplier.into(),
        quantity: done.into(),
    };
    TaskView {
        operation: "receive".into(),
        prompt: Message::new("scan-bin"),
        choices: vec![choice("PO-260501", "0 / 5"), choice("PO-260502", "2 / 3")],
        actions: vec![Action::new("done", Weight::Primary)],
        ..TaskView::default()
    }
}

/// A delivery that is being received, with goods in hand.
pub(super) fn delivery(goods: &Goods) -> TaskView {
    let of = |done: &str, asked: &str| format!("{done} / {asked} {}", goods.piece);
    TaskView {
        operation: "receive".into(),
        prompt: Message::new("enter-quantity"),
        facts: vec![
            fact("bin", "A-03-1", true),
            fact("item", goods.bolt, false),
            fact("quantity", "12", true),
            fact("ordered", &of("36", "60"), false),
            fact("order", "PO-260501", false),
            fact("party", goods.supplier, false),
        ],
        lines: vec![
            line(goods.bolt, "10-4021", &of("36", "60"), "open"),
            line(goods.glove, "77-0090 · 26B07", &of("0", "12"), "open"),
            line(goods.oil, "31-0046", &of("8", "8"), "completed"),
        ],
        keypad: Some(Keypad {
            value: "12".into(),
            unit: goods.piece.into(),
            hint: Some(Message::new("done-of-ordered").with(of("36", "60"))),
            decimals: false,
            asked: true,
        }),
        actions: vec![
            Action::new("next", Weight::Primary),
            Action::new("cancel", Weight::Normal),
            Action::new("damaged", Weight::Normal),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// Goods in hand, and where they should go.
pub(super) fn putting_away(goods: &Goods) -> TaskView {
    TaskView {
        operation: "put-away".into(),
        prompt: Message::new("put-into").with("B-07-2"),
        facts: vec![
            fact("suggested-bin", "B-07-2", true),
            fact("same-goods-there", &format!("60 {}", goods.piece), false),
            fact("from-bin", "R-01-1", true),
            fact("item", goods.glove, false),
            fact("on-hand-here", &format!("48 {}", goods.piece), false),
            fact("quantity", &format!("12 {}", goods.piece), true),
        ],
        keypad: Some(Keypad {
            value: "12".into(),
            unit: goods.piece.into(),
            hint: None,
            decimals: false,
            asked: true,
        }),
        actions: ["all-of-it", "cancel"]
            .map(|code| Action::new(code, Weight::Normal))
            .into(),
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// The next stop of an order that is being picked.
pub(super) fn picking(goods: &Goods) -> TaskView {
    let of = |done: &str, asked: &str| format!("{done} / {asked} {}", goods.piece);
    TaskView {
        operation: "pick".into(),
        prompt: Message::new("go-to-bin").with("B-07-2"),
        facts: vec![
            fact("from-bin", "B-07-2", true),
            fact("to-pick", &format!("24 {}", goods.piece), true),
            fact("item", goods.glove, false),
            fact("sku", "77-0090", false),
            fact("lot", "26B07", false),
            fact("on-hand-here", &format!("60 {}", goods.piece), false),
            fact("order", "SO-260918", false),
        ],
        lines: vec![
            line(goods.glove, "77-0090", &of("0", "24"), "open"),
            line(goods.oil, "31-0046", &of("0", "2"), "open"),
            line(goods.bolt, "10-4021", &of("60", "60"), "completed"),
        ],
        actions: ["skip", "later", "change-stage"]
            .map(|code| Action::new(code, Weight::Normal))
            .into(),
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// At the stop, before anything is scanned.
pub(super) fn picking_here(goods: &Goods) -> TaskView {
    TaskView {
        prompt: Message::new("pick-item")
            .with(format!("24 {}", goods.piece))
            .with("77-0090"),
        keypad: Some(Keypad {
            value: String::new(),
            unit: String::new(),
            hint: None,
            decimals: false,
            asked: false,
        }),
        actions: ["short", "skip", "later"]
            .map(|code| Action::new(code, Weight::Normal))
            .into(),
        ..picking(goods)
    }
}

pub(super) fn quantity(goods: &Goods) -> TaskView {
    TaskView {
        operation: "count".into(),
        prompt: Message::new("enter-quantity"),
        facts: vec![
            fact("bin", "A-03-1", true),
            fact("item", goods.bolt, true),
            fact("lot", "26B07", false),
        ],
        keypad: Some(Keypad {
            value: "120".into(),
            unit: goods.piece.into(),
            hint: None,
            decimals: goods.litre.is_empty(),
            asked: true,
        }),
        actions: vec![
            Action::new("cancel", Weight::Danger),
            Action::new("confirm", Weight::Primary),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

pub(super) fn choice(goods: &Goods) -> TaskView {
    let choice = |id: &str, title: &str, subtitle: &str, quantity: &str| Choice {
        id: id.into(),
        title: title.into(),
        subtitle: subtitle.into(),
        quantity: quantity.into(),
    };
    TaskView {
        operation: "issue".into(),
        prompt: Message::new("choose-lot"),
        facts: vec![fact("item", goods.oil, true), fact("bin", "B-11-4", false)],
        choices: vec![
            choice("l1", "2025-11", "2027-11-30", "40"),
            choice("l2", "2026-02", "2028-02-28", "120"),
            choice("l3", "2026-05", "2028-05-31", "16"),
        ],
        actions: vec![
            Action::new("no-lot", Weight::Normal),
            Action::new("cancel", Weight::Danger),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// Why the book changes.
pub(super) fn reasons(goods: &Goods) -> TaskView {
    let reasons = operations::ReasonCode::LOSSES.iter();
    let choice = |reason: &operations::ReasonCode| Choice {
        id: reason.code().to_owned(),
        title: String::new(),
        subtitle: String::new(),
        quantity: String::new(),
    };
    TaskView {
        operation: "adjust".into(),
        prompt: Message::new("choose-reason"),
        facts: vec![
            fact("bin", "A-03-1", true),
            fact("item", goods.bolt, false),
            fact("on-hand-here", &format!("36 {}", goods.piece), false),
        ],
        choices: reasons
            .chain(&operations::ReasonCode::GAINS)
            .map(choice)
            .collect(),
        actions: vec![Action::new("cancel", Weight::Normal)],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// A question of the inspection form.
pub(super) fn inspecting(goods: &Goods) -> TaskView {
    let choice = |answer: &operations::AnswerCode| Choice {
        id: answer.code().to_owned(),
        title: String::new(),
        subtitle: String::new(),
        quantity: String::new(),
    };
    TaskView {
        operation: "inspect".into(),
        prompt: Message::new("check-packaging"),
        facts: vec![
            fact("item", goods.glove, false),
            fact("quantity", &format!("48 {}", goods.piece), false),
            fact("bin", "R-01-1", false),
            fact("lot", "26B07", false),
        ],
        choices: operations::AnswerCode::ANSWERS.iter().map(choice).collect(),
        actions: vec![Action::new("cancel", Weight::Normal)],
        last: Some(last(goods)),
        can_photograph: true,
        ..TaskView::default()
    }
}

/// Goods for a pick face are to be fetched.
pub(super) fn replenishing(goods: &Goods) -> TaskView {
    TaskView {
        operation: "replenish".into(),
        prompt: Message::new("go-to-bin").with("C-12-4"),
        facts: vec![
            fact("from-bin", "C-12-4", true),
            fact("to-pick", &format!("120 {}", goods.piece), true),
            fact("item", goods.bolt, false),
            fact("face", "A-01-1", false),
            fact("face-has", &format!("8 / 128 {}", goods.piece), false),
        ],
        actions: vec![
            Action::new("done", Weight::Primary),
            Action::new("cancel", Weight::Normal),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// An open count: what the book has stands beside what was counted.
pub(super) fn counting(goods: &Goods) -> TaskView {
    let of = |done: &str, book: &str| format!("{done} / {book} {}", goods.piece);
    TaskView {
        operation: "count".into(),
        prompt: Message::new("scan-item-or-done"),
        facts: vec![
            fact("bin", "A-03-1", true),
            fact("order", "C-260930", false),
        ],
        lines: vec![
            line(goods.bolt, "26B07", &of("34", "36"), "counted"),
            line(goods.glove, "", &of("0", "12"), "open"),
        ],
        keypad: Some(Keypad {
            value: String::new(),
            unit: String::new(),
            hint: None,
            decimals: true,
            asked: true,
        }),
        actions: vec![
            Action::new("done", Weight::Primary),
            Action::new("discard", Weight::Danger),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

/// Who goes on is chosen; a note may be written.
pub(super) fn handing_over(goods: &Goods) -> TaskView {
    TaskView {
        operation: "hand-over".into(),
        prompt: Message::new("note-for").with(goods.operators[0]),
        facts: vec![fact("person", goods.operators[0], true)],
        lines: vec![
            line("PO-260501", "", "2 / 5", "open"),
            line("SO-260918", "", "1 / 3", "open"),
        ],
        entry: Some(Entry {
            label: "note".into(),
            ..Entry::default()
        }),
        actions: vec![
            Action::new("hand-over", Weight::Primary),
            Action::new("cancel", Weight::Normal),
        ],
        ..TaskView::default()
    }
}

pub(super) fn text_entry(goods: &Goods) -> TaskView {
    TaskView {
        operation: "receive".into(),
        prompt: Message::new("enter-expiry"),
        facts: vec![fact("item", goods.oil, true), fact("lot", "26B07", false)],
        entry: Some(Entry {
            label: "expiry".into(),
            value: "2027-03".into(),
            hint: Some(Message::new("date-malformed").with("2027-03")),
        }),
        actions: vec![
            Action::new("no-expiry", Weight::Normal),
            Action::new("confirm", Weight::Primary),
        ],
        last: Some(last(goods)),
        ..TaskView::default()
    }
}

pub(super) fn look_up(goods: &Goods, with_detail: bool) -> LookUpView {
    let hit = |kind: &str, id: &str, title: &str, subtitle: &str, quantity: &str| Hit {
        kind: kind.into(),
        id: id.into(),
        title: title.into(),
        subtitle: subtitle.into(),
        quantity: quantity.into(),
    };
    LookUpView {
        scanned: Some("10-40".into()),
        hits: vec![
            hit("item", "i1", goods.bolt, "SKU 10-4021", "1 240"),
            hit("item", "i2", goods.glove, "SKU 77-0090", "312"),
            hit("bin", "b1", "A-03-1", goods.site, "3"),
        ],
        detail: with_detail.then(|| Detail {
            kind: "item".into(),
            title: goods.bolt.into(),
            subtitle: "SKU 10-4021".into(),
            facts: vec![
                fact("on-hand", "1 240", true),
                fact("reserved", "200", true),
                fact("gtin", "04006381333931", false),
                fact("pack", "50", false),
            ],
            stock: vec![
                stock("A-03-1", "26B07", "840", ""),
                stock("B-11-4", "26C01", "400", "09:15"),
            ],
            rack: Rack::default(),
            counts_only: false,
            recalculating: false,
            history: rows(goods).into_iter().take(2).collect(),
        }),
    }
}

fn stock(place: &str, lot: &str, quantity: &str, as_of: &str) -> StockRow {
    StockRow {
        place: place.into(),
        lot: lot.into(),
        quantity: quantity.into(),
        as_of: as_of.into(),
        recalculating: false,
    }
}

fn rows(goods: &Goods) -> Vec<HistoryRow> {
    let row =
        |id: &str, time: &str, operation: &str, text: &str, quantity: &str, state| HistoryRow {
            id: id.into(),
            time: time.into(),
            operation: operation.into(),
            reason: if operation == "adjust" { "lost" } else { "" }.into(),
            text: text.into(),
            quantity: quantity.into(),
            operator: goods.operators[1].into(),
            state,
            can_undo: matches!(state, LineState::Saved | LineState::Completed),
            has_receipt: false,
        };
    vec![
        row(
            "h1",
            "14:02",
            "receive",
            goods.bolt,
            "+12",
            LineState::Saved,
        ),
        row("h2", "13:58", "move", goods.glove, "40", LineState::Pending),
        row(
            "h3",
            "13:41",
            "issue",
            goods.oil,
            "−2.5",
            LineState::Completed,
        ),
        row("h4", "13:20", "count", goods.bolt, "840", LineState::Error),
        row(
            "h5",
            "12:47",
            "adjust",
            goods.oil,
            "−16",
            LineState::Reversed,
        ),
    ]
}

pub(super) fn history(goods: &Goods) -> HistoryView {
    HistoryView { rows: rows(goods) }
}

pub(super) fn nearby() -> NearbyView {
    NearbyView {
        enabled: true,
        neighbours: vec![
            line("HH-03", "14:01", "", "synced"),
            line("HH-11", "", "", "syncing"),
            line("HH-04", "", "", "peer-unreachable"),
        ],
        receiving: Some((7, 12)),
        folder: "/media/stick".into(),
        files: vec!["HH-03-1790000000.tallyman".into()],
        ..NearbyView::default()
    }
}

/// Modules that say nothing.
pub(super) fn qr(side: u32) -> Qr {
    let dark = |at: u32| (at % side * 7 + at / side * 13 + at * at % 11).is_multiple_of(2);
    Qr {
        side,
        dark: (0..side * side).map(dark).collect(),
    }
}

/// A code of about the size that a moving parcel has.
pub(super) fn nearby_code(kind: CodeKind) -> NearbyView {
    NearbyView {
        enabled: true,
        code: Some(ShownCode {
            kind,
            qr: qr(if kind == CodeKind::Parcel { 97 } else { 53 }),
            parts: if kind == CodeKind::Parcel { 14 } else { 0 },
        }),
        ..NearbyView::default()
    }
}

pub(super) fn sync(goods: &Goods) -> SyncView {
    let scan = |time: &str, source: &str, text: &str| RawScan {
        time: time.into(),
        source: source.into(),
        text: text.into(),
    };
    SyncView {
        last_contact: "13:20".into(),
        server_url: "https://tallyman.example:8443".into(),
        device_name: "HH-07".into(),
        data_version: "128 400".into(),
        only_here: 12,
        blocked: 2,
        waiting_lines: vec![
            line(goods.bolt, "14:02", "+12", "saved"),
            line(goods.glove, "13:58", "40", "pending"),
        ],
        only_here_groups: vec![
            line("receive", "12:40", "9", ""),
            line("move", "13:58", "3", ""),
            line("HH-03", "08:12", "42", "carried"),
        ],
        set_aside_groups: vec![line("HH-05", "07:55", "6", "")],
        photos: 3,
        photos_size: "1.2 MB".into(),
        photos_held_back: 2,
        last_error: Some(Message::new("server-unreachable")),
        stay_offline: false,
        raw_scans: vec![
            scan("14:02", "wedge", "]C10104006381333931<GS>1026B07<GS>3712"),
            scan("13:58", "camera", "A-03-1"),
        ],
        can_enrol: false,
    }
}

pub(super) fn settings() -> SettingsView {
    SettingsView {
        can_practise: true,
        practises: false,
        sound: true,
        volume: 75,
        vibration_only: false,
        camera: false,
        metered: true,
        pin_protection: Message::new("pin-can-be-tried"),
        version: env!("CARGO_PKG_VERSION").into(),
        device_name: "HH-07".into(),
        printer: PrinterView {
            address: "tcp://192.168.1.20:9100".into(),
            language: 1,
            size: Some(1),
            dpi: 203,
            answers: true,
            error: None,
        },
    }
}

pub(super) fn locked(text: &str) -> Screen {
    Screen::Locked(LockedView {
        by: "陈主管".into(),
        at: "09:41".into(),
        text: text.into(),
        device_name: "HH-07".into(),
        waiting: 3,
        stays_offline: false,
    })
}

pub(super) fn locked_offline() -> Screen {
    Screen::Locked(LockedView {
        device_name: "HH-07".into(),
        stays_offline: true,
        ..LockedView::default()
    })
}

pub(super) fn stopped() -> Screen {
    Screen::Stopped(StoppedView {
        message: Message::new("database-corrupt"),
        details_code: "db-corrupt: page 417".into(),
    })
}
