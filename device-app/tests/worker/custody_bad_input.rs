//! Bad input while something is left or fetched: a clear sentence each, and nothing lost.

use device_app::photo::{self, PhotoError};
use device_app::view::{Outcome, PrintChipState, PrintEvent, Screen, UiEvent};
use domain::SiteId;
use domain::ticket::ClaimCode;
use labels::Language;
use labels::fake::Habits;

use crate::custody::{acts, house, left, only_deposit, signed, strokes};
use crate::hub::SITE;
use crate::printing::{is_done, print, rig_at, server, stands, words};
use crate::rig::Rig;

/// The last letter is another one.
fn damaged(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    let mut code = code.to_owned();
    code.pop();
    code.push(last);
    code
}

fn refused(rig: &mut Rig) -> String {
    let told = rig.view().feedback.unwrap();
    assert_eq!(told.outcome, Outcome::Refused, "{told:?}");
    rig.ui(UiEvent::Acknowledge);
    told.message.code
}

#[test]
fn damaged_codes_and_tickets_of_elsewhere_are_told_apart_and_what_was_scanned_stays() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    signed(&mut rig, "take-in");
    let row = only_deposit(&rig);
    let claim = row.deposit.claim.as_str();
    let labels: Vec<&str> = (row.deposit.pieces.values())
        .map(|piece| piece.unit.printed())
        .collect();
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.scan(&damaged(claim));
    assert_eq!(refused(&mut rig), "ticket-damaged");
    rig.scan(ClaimCode::draw(SITE, [7; 8]).as_str());
    assert_eq!(refused(&mut rig), "ticket-unknown");
    let elsewhere = SiteId::from_bytes([0x52; 16]);
    rig.scan(ClaimCode::draw(elsewhere, [7; 8]).as_str());
    assert!(["ticket-other-site", "ticket-unknown"].contains(&refused(&mut rig).as_str()));
    rig.scan(claim);
    rig.scan(labels[0]);
    assert_eq!(rig.said(), "piece-matched");
    rig.scan(&damaged(labels[1]));
    assert_eq!(refused(&mut rig), "label-damaged");
    rig.scan(&damaged(claim));
    assert_eq!(refused(&mut rig), "ticket-damaged");
    let lines = rig.task().lines;
    let matched = lines.iter().filter(|line| line.status == "completed");
    assert_eq!(matched.count(), 1, "{lines:?}");
}

#[test]
fn signatures_in_the_wrong_order_write_nothing_and_say_what_comes_first() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    // Nobody was asked to sign anything.
    rig.ui(UiEvent::Signed(strokes()));
    left(&mut rig);
    rig.ui(UiEvent::Signed(strokes()));
    assert_eq!(rig.task().prompt.code, "customer-signs");
    assert!(acts(&rig, &only_deposit(&rig)).is_empty());
    // Another piece, which lies nowhere yet.
    let case = rig.task().choices[0].id.clone();
    rig.ui(UiEvent::Choose(case));
    rig.action("take-in");
    assert_eq!(refused(&mut rig), "put-pieces-first");
    rig.scan("A-02");
    // A scan while the customer has the device.
    rig.action("take-in");
    rig.scan("A-02");
    assert_eq!(refused(&mut rig), "sign-first");
    assert!(matches!(rig.view().screen, Screen::Signing(_)));
    rig.ui(UiEvent::Signed(strokes()));
    assert_eq!(rig.said(), "taken-in");
    let row = only_deposit(&rig);
    let done = acts(&rig, &row);
    assert_eq!((done.len(), done[0].pieces.len()), (1, 3));
    // Fetching: nothing is signed for before a piece is scanned.
    rig.ui(UiEvent::OpenOperation("release".into()));
    rig.scan(row.deposit.claim.as_str());
    rig.action("hand-out");
    assert_eq!(refused(&mut rig), "scan-piece-first");
    assert_eq!(only_deposit(&rig).stored, 3);
}

#[test]
fn a_photo_of_200_megabytes_is_refused_and_the_deposit_goes_on() {
    let hub = house();
    let mut rig = Rig::signed_in(&hub, "AAAA1");
    left(&mut rig);
    // A picture's beginning, and far more than any camera writes.
    let mut file = vec![0; 200 << 20];
    file[..4].copy_from_slice(&[0xff, 0xd8, 0xff, 0xe0]);
    let made = photo::from_file(&file);
    assert_eq!(made, Err(PhotoError::TooLarge));
    rig.worker.add_photo(made).unwrap();
    assert_eq!(refused(&mut rig), "photo-too-large");
    assert_eq!(rig.task().prompt.code, "customer-signs");
    signed(&mut rig, "take-in");
    assert_eq!(rig.said(), "taken-in");
    let act = acts(&rig, &only_deposit(&rig)).pop().unwrap();
    assert!(act.photos.is_empty() && act.signature.is_some());
}

#[test]
fn labels_and_receipt_wait_for_paper_while_the_deposit_goes_on() {
    let hub = house();
    let printer = server(Language::Zpl, Habits::good());
    let mut rig = rig_at(&hub, &printer, Language::Zpl);
    // 80 by 50 mm: a receipt's code needs room.
    print(&mut rig, PrintEvent::SetSize(2));
    left(&mut rig);
    printer.with(|p| p.run_out_of_paper());
    print(&mut rig, PrintEvent::LastUnit(words()));
    rig.wait_until(stands(PrintChipState::Stuck));
    let told = rig.view().feedback.unwrap().message.code;
    assert_eq!(told, "printer-paper");
    signed(&mut rig, "take-in");
    let Screen::Receipt(receipt) = rig.view().screen else {
        panic!("{:?}", rig.view().screen);
    };
    print(&mut rig, PrintEvent::Receipt(words()));
    assert_eq!(acts(&rig, &only_deposit(&rig)).len(), 1);
    printer.with(|p| p.see_to());
    rig.wait_until(is_done);
    let deposit = only_deposit(&rig).deposit;
    for piece in deposit.pieces.values() {
        assert_eq!(printer.with(|p| p.count_of(piece.unit.printed())), 1);
    }
    // Once with the labels, once with the receipt.
    assert_eq!(printer.with(|p| p.count_of(deposit.claim.as_str())), 2);
    assert_eq!(printer.with(|p| p.count_of(&receipt.text)), 1);
}
