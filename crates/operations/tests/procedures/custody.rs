//! What customers leave, and take again.

use domain::EventBody;
use domain::custody::{Custody, CustodyAct};
use domain::ticket::ClaimCode;
use operations::Operation::{Deposit, Release};
use operations::home::{Route, route};
use operations::{Scanned, Step, Task};

use crate::support::{ELSEWHERE, Site, check, context, play, reloaded};

fn house() -> Site {
    let mut site = Site::new();
    site.keep("CASE", "custody-L");
    site.furnish("A-02", "custody-L", 500_000);
    site
}

/// Plays inputs and gives the last step, written.
fn played(site: &mut Site, task: Task, inputs: &[&str]) -> Step {
    let mut task = task;
    task.offer(site, &context()).unwrap();
    let mut last = None;
    for input in inputs {
        let step = play(&task, input, site);
        site.apply(&step);
        task = reloaded(&step.task);
        task.refresh(site, &context()).unwrap();
        last = Some(step);
    }
    last.unwrap()
}

/// Somebody leaves so many pieces. Returns the ticket and the labels.
fn left(site: &mut Site, pieces: usize) -> (ClaimCode, Vec<String>) {
    let phone = format!("text 1380013800{}", site.custody.persons.len());
    let mut inputs = vec![
        "text 王喆",
        "do new-customer",
        phone.as_str(),
        "do skip",
        "do nothing-forbidden",
    ];
    inputs.extend(std::iter::repeat_n("choose CASE", pieces));
    inputs.extend(["scan A-02", "do take-in"]);
    let step = played(site, Task::start(Deposit), &inputs);
    assert!(step.finished, "{step:?}");
    let deposit = site.custody.deposits.last().unwrap();
    let labels = deposit.pieces.iter().map(|p| p.unit.printed().to_owned());
    (deposit.claim.clone(), labels.collect())
}

fn act(step: &Step) -> Custody {
    let mut acts = step.events.iter().filter_map(|said| match &said.body {
        EventBody::Custody(act) => Some((**act).clone()),
        _ => None,
    });
    acts.next_back().unwrap()
}

#[test]
fn a_piece_is_taken_in_with_few_taps_and_the_terms_are_what_is_signed() {
    let mut site = house();
    check(
        Deposit,
        &mut site,
        &[
            ("text 王", "| nobody-found | "),
            ("do new-customer", "| enter-phone | "),
            (
                "text 13800138000",
                "accepted note-taken | enter-document | ",
            ),
            (
                "text 护照 E12345678",
                "accepted note-taken | check-forbidden | ",
            ),
            (
                "scan A-02",
                "refused wrong-kind-here A-02 | check-forbidden | ",
            ),
            (
                "do nothing-forbidden",
                "accepted nothing-forbidden | choose-category | ",
            ),
            (
                "scan BOLT",
                "refused wrong-kind-here BOLT | choose-category | ",
            ),
            (
                "choose CASE",
                "accepted piece-added 1,CASE | put-piece-into | ",
            ),
            (
                "scan CASE",
                "accepted piece-added 2,CASE | put-piece-into | ",
            ),
            ("undo", "accepted undone CASE | put-piece-into | "),
            ("do condition", "| enter-condition | "),
            ("text 轮子松动", "accepted note-taken | put-piece-into | "),
            ("do declared-value", "| enter-value | "),
            (
                "text viel",
                "refused amount-malformed viel,CNY | enter-value | ",
            ),
            ("text 1200.50", "accepted note-taken | put-piece-into | "),
            (
                "do as-suggested",
                "accepted pieces-put 1,A-01 | customer-signs | .",
            ),
        ],
    );
    let deposit = &site.custody.deposits[0];
    assert_eq!(deposit.pieces.len(), 1);
    assert_eq!(deposit.conditions[&1], "轮子松动");
    assert_eq!(deposit.pieces[0].value, 120_050);
    let due = deposit.due.unwrap().to_string();
    assert_eq!(due, "2026-10-21", "30 days after 2026-09-21");
}

#[test]
fn the_act_says_what_was_agreed() {
    let mut site = house();
    let (claim, labels) = left(&mut site, 3);
    assert_eq!(labels.len(), 3);
    let mut distinct = labels.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 3, "each piece has a number of its own");
    let custody = site.last_act();
    assert_eq!(custody.act, CustodyAct::Deposited);
    assert_eq!(custody.pieces, [1, 2, 3]);
    let terms = custody.terms.unwrap();
    assert_eq!(terms.claim, claim.hash());
    assert_eq!(terms.pieces.len(), 3);
    assert_eq!(terms.fee.daily, 1_000);
}

#[test]
fn somebody_who_is_known_is_pointed_out() {
    let mut site = house();
    left(&mut site, 1);
    check(
        Deposit,
        &mut site,
        &[
            ("text 李", "| nobody-found | "),
            ("do new-customer", "| enter-phone | "),
            (
                "text 13800138000",
                "accepted note-taken | enter-document | ",
            ),
            ("do skip", "accepted note-taken | same-customer | "),
            (
                "choose 王喆",
                "accepted customer-selected 王喆 | check-forbidden | ",
            ),
        ],
    );
    assert_eq!(site.custody.persons.len(), 1);
}

#[test]
fn nothing_leaves_by_the_ticket_alone_and_no_other_piece() {
    let mut site = house();
    let (other_claim, other) = left(&mut site, 1);
    let (claim, labels) = left(&mut site, 2);
    let elsewhere = ClaimCode::draw(ELSEWHERE, [3; 8]);
    let unknown = ClaimCode::draw(crate::support::HERE, [4; 8]);
    let mut wrong = claim.to_string();
    let last = if wrong.ends_with('0') { '1' } else { '0' };
    wrong.pop();
    wrong.push(last);
    let mut damaged = labels[0].clone();
    let last = if damaged.ends_with('0') { '1' } else { '0' };
    damaged.pop();
    damaged.push(last);
    let scan = |code: &str| format!("scan {code}");
    let (a, b) = (scan(&labels[0]), scan(&labels[1]));
    let rows = [
        (
            a.clone(),
            format!("refused scan-ticket-first {} | scan-ticket | ", labels[0]),
        ),
        (
            scan(&wrong),
            format!("refused ticket-damaged {wrong} | scan-ticket | "),
        ),
        (
            scan(elsewhere.as_str()),
            "refused ticket-other-site BJ1 | scan-ticket | ".into(),
        ),
        (
            scan(unknown.as_str()),
            format!(
                "refused ticket-unknown {} | scan-ticket | ",
                unknown.grouped()
            ),
        ),
        (
            scan(&format!("https://left.example/c#{claim}")),
            "accepted ticket-found 2 | scan-piece | ".into(),
        ),
        (
            "do hand-out".into(),
            "refused scan-piece-first | scan-piece | ".into(),
        ),
        (
            scan(&other[0]),
            format!("refused wrong-piece {} | scan-piece | ", other[0]),
        ),
        (
            scan(&damaged),
            format!("refused label-damaged {damaged} | scan-piece | "),
        ),
        (
            a.clone(),
            "accepted piece-matched 1,2 | scan-piece | ".into(),
        ),
        (a, "attention piece-scanned-before 1 | scan-piece | ".into()),
        (
            scan(other_claim.as_str()),
            "refused finish-line-first | scan-piece | ".into(),
        ),
        (b, "accepted piece-matched 2,2 | customer-signs | ".into()),
        (
            "do hand-out".into(),
            "accepted handed-out 2,0 | finished | .".into(),
        ),
    ];
    let rows: Vec<(&str, &str)> = rows.iter().map(|(i, e)| (i.as_str(), e.as_str())).collect();
    check(Release, &mut site, &rows);
    let released = site.last_act();
    assert_eq!(released.pieces, [1, 2]);
    let charge = released.charge.unwrap();
    assert_eq!((charge.due, charge.taken), (2_000, 2_000));
    // Who comes again is told who has it.
    let again = scan(claim.as_str());
    check(
        Release,
        &mut site,
        &[(
            &again,
            "refused everything-taken 09:30,Wang | scan-ticket | ",
        )],
    );
}

#[test]
fn part_of_it_goes_and_the_rest_stays_under_the_same_ticket() {
    let mut site = house();
    let (claim, labels) = left(&mut site, 2);
    let ticket = format!("text {}", claim.grouped().to_lowercase());
    let label = format!("scan {}", labels[1]);
    let step = played(
        &mut site,
        Task::start(Release),
        &[&ticket, &label, "do other-fee", "text 0", "do hand-out"],
    );
    assert_eq!(act(&step).pieces, [2]);
    assert_eq!(act(&step).charge.unwrap().taken, 0);
    let first = format!("scan {}", labels[0]);
    check(
        Release,
        &mut site,
        &[
            (&ticket, "accepted ticket-found 1 | scan-piece | "),
            (
                &label,
                "refused unit-already-issued 09:30,Wang | scan-piece | ",
            ),
            (&first, "accepted piece-matched 1,1 | customer-signs | "),
            ("do look-into", "accepted looked-into | scan-piece | ."),
            ("do extend", "| enter-days | "),
            (
                "text soon",
                "refused days-malformed soon,3650 | enter-days | ",
            ),
            (
                "text 7",
                "accepted term-extended 2026-10-28 | scan-piece | .",
            ),
        ],
    );
    assert_eq!(site.last_act().act, CustodyAct::Extended);
}

#[test]
fn a_proxy_says_who_they_are_and_a_lost_ticket_is_said_to_be_lost() {
    let mut site = house();
    let (_, labels) = left(&mut site, 1);
    let label = format!("scan {}", labels[0]);
    let step = played(
        &mut site,
        Task::start(Release),
        &[
            "do lost-ticket",
            "text 王",
            "choose 王喆",
            "choose CASE",
            "do proxy",
            "text 李四",
            "text 身份证 11010119900307",
            "do skip",
            &label,
            "do hand-out",
        ],
    );
    let released = act(&step);
    let collector = released.collector.unwrap();
    assert!(collector.is_proxy && collector.ticket_lost);
    assert_eq!(site.custody.proxies[0].name, "李四");
    let takes =
        domain::rights::Action::that_write(&EventBody::Custody(Box::new(act(&step))), false, None);
    assert_eq!(takes, [domain::rights::Action::ReleaseLost]);
}

#[test]
fn a_ticket_that_is_scanned_at_home_begins_a_release() {
    let mut site = house();
    let (claim, _) = left(&mut site, 1);
    let scanned = Scanned::plain(format!("https://left.example/c#{claim}"));
    let Route::Open(step) = route(&scanned, &site, &context()).unwrap() else {
        panic!("nothing was opened");
    };
    assert_eq!(step.task.operation(), Release);
    assert_eq!(step.feedback.unwrap().code.code(), "ticket-found");
}

#[test]
fn what_a_customer_asks_for_is_fetched_and_waits_for_the_ticket() {
    let mut site = house();
    let (claim, labels) = left(&mut site, 1);
    site.custody.deposits[0].wish = Some("16:30".into());
    let (ticket, label) = (format!("scan {claim}"), format!("scan {}", labels[0]));
    check(
        Release,
        &mut site,
        &[
            ("choose CASE", "accepted ticket-found 1 | scan-piece | "),
            (&label, "accepted piece-matched 1,1 | scan-ticket | "),
            ("do hand-out", "refused ticket-first | scan-ticket | "),
            (&ticket, "accepted ticket-found 1 | customer-signs | "),
            ("do hand-out", "accepted handed-out 1,0 | finished | ."),
        ],
    );
    assert_eq!(site.custody.deposits[0].wish, None);
}

#[test]
fn a_label_of_a_pre_printed_roll_is_bound_at_its_first_scan() {
    let mut site = house();
    let label = domain::ticket::PieceCode::draw([0x33; 8]).to_string();
    let scan = format!("scan {label}");
    let bound = format!("accepted label-bound {label} | put-piece-into | ");
    let twice = format!("refused piece-scanned-before {label} | put-piece-into | ");
    check(
        Deposit,
        &mut site,
        &[
            ("text 王", "."),
            ("do new-customer", "."),
            ("do skip", "."),
            ("do skip", "."),
            ("do nothing-forbidden", "."),
            ("choose CASE", "."),
            (&scan, &bound),
            (&scan, &twice),
            (
                "scan A-02",
                "accepted pieces-put 1,A-02 | customer-signs | .",
            ),
        ],
    );
    assert_eq!(site.custody.deposits[0].pieces[0].unit.printed(), label);
}

#[test]
fn a_piece_whose_receipt_was_taken_back_is_not_signed_for_until_it_lies_somewhere_again() {
    let mut site = house();
    check(
        Deposit,
        &mut site,
        &[
            ("text 王", "."),
            ("do new-customer", "."),
            ("do skip", "."),
            ("do skip", "."),
            ("do nothing-forbidden", "."),
            ("choose CASE", "."),
            (
                "scan A-02",
                "accepted pieces-put 1,A-02 | customer-signs | .",
            ),
            ("undo", ". | . | reversed"),
            ("do take-in", "refused put-pieces-first | put-piece-into | "),
            (
                "scan A-01",
                "accepted pieces-put 1,A-01 | customer-signs | .",
            ),
            ("do take-in", ". | finished | ."),
        ],
    );
}

#[test]
fn a_piece_has_the_size_of_its_category_until_somebody_says_another_and_goes_where_that_fits() {
    let mut site = house();
    site.furnish("A-01", "custody-L", 100_000);
    check(
        Deposit,
        &mut site,
        &[
            ("text 王", "."),
            ("do new-customer", "."),
            ("do skip", "."),
            ("do skip", "."),
            ("do nothing-forbidden", "."),
            (
                "choose CASE",
                "accepted piece-added 1,CASE | put-piece-into | ",
            ),
            ("do size-xl", "accepted size-taken XL | put-piece-into | "),
            ("do measure", "| enter-size | "),
            ("text 60x40", "refused size-malformed 60x40 | enter-size | "),
            (
                "text 120 x 60 × 40",
                "accepted size-taken 120x60x40 | put-piece-into | ",
            ),
            // 288 litres do not go into A-01.
            (
                "do as-suggested",
                "accepted pieces-put 1,A-02 | customer-signs | .",
            ),
        ],
    );
    assert_eq!(site.custody.deposits[0].pieces[0].size, "120x60x40");
    left(&mut site, 1);
    assert_eq!(site.custody.deposits[1].pieces[0].size, "L", "preset");
}

#[test]
fn a_guarded_piece_leaves_by_a_device_that_is_online_or_took_it_in() {
    let released = "accepted handed-out 1,0 | finished | .";
    let held = "refused piece-guarded 1,5000.00 CNY | customer-signs | ";
    for (value, is_online, taken_in_here, expected) in [
        (500_000, false, false, held),
        (500_000, true, false, released),
        (500_000, false, true, released),
        (499_999, false, false, released),
    ] {
        let mut site = house();
        let (claim, labels) = left(&mut site, 1);
        site.custody.guarded = 500_000;
        site.custody.is_online = is_online;
        let deposit = &mut site.custody.deposits[0];
        deposit.taken_in_here = taken_in_here;
        deposit.pieces[0].value = value;
        let (ticket, label) = (format!("scan {claim}"), format!("scan {}", labels[0]));
        check(
            Release,
            &mut site,
            &[
                (&ticket, "accepted ticket-found 1 | scan-piece | "),
                (&label, "accepted piece-matched 1,1 | customer-signs | "),
                ("do hand-out", expected),
            ],
        );
    }
}

#[test]
fn what_is_due_soon_overdue_or_abandoned_is_listed_and_has_its_ways_out() {
    let mut site = house();
    let (claim, labels) = left(&mut site, 1);
    for _ in 0..3 {
        left(&mut site, 1);
    }
    // Today is 2026-09-21.
    for (n, due) in ["2026-09-28", "2026-09-20", "2026-08-20"]
        .iter()
        .enumerate()
    {
        site.custody.deposits[n].due = Some(due.parse().unwrap());
    }
    let (ticket, label) = (format!("scan {claim}"), format!("scan {}", labels[0]));
    check(
        Release,
        &mut site,
        &[
            ("do overdue", "| overdue-here | "),
            ("do abandoned", "| abandoned-here | "),
            ("do due-soon", "| due-soon | "),
            ("choose CASE", "accepted ticket-found 1 | scan-piece | "),
            ("do extend", "| enter-days | "),
            (
                "text 2026-09-20",
                "refused term-past 2026-09-20,2026-09-28,2036-09-25 | enter-days | ",
            ),
            ("text 0", "refused days-malformed 0,3650 | enter-days | "),
            (
                "text 2026-10-05",
                "accepted term-extended 2026-10-05 | scan-piece | .",
            ),
            // Nothing goes before the ticket is shown.
            (&label, "accepted piece-matched 1,1 | scan-ticket | "),
            ("do hand-out", "refused ticket-first | scan-ticket | "),
            (&ticket, "accepted ticket-found 1 | customer-signs | "),
            ("do hand-out", "accepted handed-out 1,0 | finished | ."),
        ],
    );
    assert_eq!(
        site.custody.deposits[0].due.unwrap().to_string(),
        "2026-10-05"
    );
    check(
        Release,
        &mut site,
        &[
            ("do overdue", "| overdue-here | "),
            ("do due-soon", "| nothing-ending | "),
            ("do cancel", "| scan-ticket | "),
        ],
    );
}
