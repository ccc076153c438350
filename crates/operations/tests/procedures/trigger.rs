//! Several codes of one pull of the trigger.

use operations::trigger::{Choice, Next, choose, follow};
use operations::{Operation, Scanned, Task};

use crate::support::{Site, context, gs1, play};

/// Work after these inputs.
fn work(site: &mut Site, operation: Operation, inputs: &[&str]) -> Task {
    let mut task = Task::start(operation);
    task.offer(site, &context()).unwrap();
    for input in inputs {
        let step = play(&task, input, site);
        site.apply(&step);
        task = step.task;
        task.refresh(site, &context()).unwrap();
    }
    task
}

/// A code with `=` in it is GS1 data.
fn code(text: &str) -> Scanned {
    match text.contains('=') {
        true => gs1(text),
        false => Scanned::plain(text),
    }
}

fn said(choice: Choice) -> String {
    match choice {
        Choice::Taken(chosen) => format!("{} -{}", chosen.code.raw, chosen.aside),
        Choice::Several(refusal) => format!("several {}", refusal.args.join(",")),
        Choice::Refused(chosen) => {
            let why = chosen.step.feedback.unwrap().code.code();
            format!("{why} {} -{}", chosen.code.raw, chosen.aside)
        }
    }
}

/// One row: the codes of one trigger, and what is taken of them: `code -aside`, `refusal code -aside` or `several …`.
fn check(site: &mut Site, operation: Operation, inputs: &[&str], rows: &[(&[&str], &str)]) {
    let task = work(site, operation, inputs);
    for (codes, expected) in rows {
        let codes: Vec<Scanned> = codes.iter().map(|text| code(text)).collect();
        let choice = choose(&task, &codes, site, &context()).unwrap();
        assert_eq!(said(choice), *expected, "{inputs:?}: {codes:?}");
    }
}

const WAYBILL: &str = "SF1390011223344";
const SSCC: &str = "sscc=106141410000000008";
const GTIN: &str = "gtin=04012345678901";
const LOT: &str = "lot=L1 exp=2027-01-01";

#[test]
fn the_step_finds_its_code_among_foreign_ones() {
    let receive = Operation::Receive;
    let rows: &[(&[&str], &str)] = &[
        (&["A-01"], "A-01 -0"),
        (&[WAYBILL, "A-01"], "A-01 -1"),
        (&["BOLT", "A-01", WAYBILL], "A-01 -2"),
        (&["A-01", "BOLT"], "A-01 -1"),
        (&["A-01", "A-02"], "several 2,A-01,A-02"),
        (&["A-01", "A-02", "BOLT"], "several 3,A-01,A-02"),
    ];
    check(&mut Site::new(), receive, &[], rows);
    let rows: &[(&[&str], &str)] = &[
        (&[WAYBILL, "4006381333931"], "4006381333931 -1"),
        (&[SSCC, "BOLT"], "BOLT -1"),
        (&["BOLT", SSCC], "BOLT -1"),
        (&["A-02", "BOLT"], "BOLT -1"),
        (&["BOLT", "WIRE"], "several 2,BOLT,WIRE"),
        (&["BOLT", "4006381333931"], "BOLT -0"),
        (&["BOLT", "BOX12"], "several 2,BOLT,BOX12"),
        (&[SSCC], "sscc=106141410000000008 -0"),
        (&["BADGE-1", "BOLT"], "BOLT -1"),
    ];
    check(&mut Site::new(), receive, &["scan A-01"], rows);
}

#[test]
fn fields_of_several_symbols_complete_each_other() {
    let check = |codes: &[&str], expected: (&str, usize)| {
        let site = &mut Site::new();
        let task = work(site, Operation::Receive, &["scan A-01"]);
        let codes: Vec<Scanned> = codes.iter().map(|text| code(text)).collect();
        let choice = choose(&task, &codes, site, &context()).unwrap();
        let Choice::Taken(chosen) = choice else {
            panic!("{choice:?}");
        };
        let fields = &chosen.code.fields;
        let text = [
            fields.gtin.clone(),
            fields.lot.clone(),
            fields.expiry.map(|day| day.to_string()),
            fields.serial.clone(),
        ];
        let text: Vec<String> = text.into_iter().flatten().collect();
        assert_eq!(
            (text.join(" ").as_str(), chosen.aside),
            expected,
            "{codes:?}"
        );
        assert_eq!(chosen.step.task.prompt().code.code(), "enter-quantity");
    };
    check(&[GTIN, LOT], ("04012345678901 L1 2027-01-01", 0));
    check(&[LOT, GTIN], ("04012345678901 L1 2027-01-01", 0));
    check(&["4012345678901", LOT], ("4012345678901 L1 2027-01-01", 0));
    check(
        &[WAYBILL, "exp=2027-01-01", "4012345678901", "lot=L1", SSCC],
        ("4012345678901 L1 2027-01-01", 2),
    );
    check(
        &["MILK", "gtin=04012345678901 lot=L1 exp=2027-01-01"],
        ("04012345678901 L1 2027-01-01", 0),
    );
    // The lot is of one of two goods, and nobody can know of which.
    let rows: &[(&[&str], &str)] = &[
        (
            &[GTIN, "4006381333931", LOT],
            "several 3,gtin=04012345678901,4006381333931",
        ),
        (
            &["gtin=04012345678901 lot=L1", "gtin=04012345678901 lot=L2"],
            "several 2,gtin=04012345678901 lot=L1,gtin=04012345678901 lot=L2",
        ),
    ];
    self::check(&mut Site::new(), Operation::Receive, &["scan A-01"], rows);
}

#[test]
fn a_value_that_says_what_it_is_goes_before_a_bare_text() {
    let rows: &[(&[&str], &str)] = &[
        (&[WAYBILL, "lot=L1"], "lot=L1 -1"),
        (&["L1"], "L1 -0"),
        (&["L1", "BOLT"], "L1 -1"),
        (&["L1", WAYBILL], "several 2,L1,SF1390011223344"),
    ];
    let begun = ["scan A-01", "scan MILK"];
    check(&mut Site::new(), Operation::Receive, &begun, rows);
    let begun = ["scan A-01", "scan DRILL"];
    let rows: &[(&[&str], &str)] = &[
        (
            &["gtin=00036000291452", "serial=S1"],
            "gtin=00036000291452 -0",
        ),
        (&["00036000291452", "SN-7"], "SN-7 -1"),
    ];
    check(&mut Site::new(), Operation::Receive, &begun, rows);
}

#[test]
fn what_is_expected_goes_before_what_is_not() {
    let mut site = Site::with(&["BOLT A-01 20", "BOLT A-02 20", "WIRE A-03 5"]);
    site.sell("SO-1", &["BOLT 5"]);
    let rows: &[(&[&str], &str)] = &[
        (&["A-03", "A-01"], "A-01 -1"),
        (&["A-02", "A-01"], "A-01 -1"),
        (&["BOLT", "A-03"], "scan-bin-first BOLT -1"),
    ];
    let begun = ["scan SO-1", "scan DOCK"];
    check(&mut site, Operation::Pick, &begun, rows);
    let rows: &[(&[&str], &str)] = &[
        (&["WIRE", "BOLT"], "BOLT -1"),
        (&["WIRE", WAYBILL], "wrong-item WIRE -1"),
        (&[WAYBILL, "WIRE"], "wrong-item WIRE -1"),
        (&[WAYBILL, "CN-22"], "unknown-code SF1390011223344 -1"),
    ];
    check(
        &mut site,
        Operation::Pick,
        &["scan SO-1", "scan DOCK", "scan A-01"],
        rows,
    );
}

#[test]
fn where_anything_is_asked_for_two_known_codes_are_too_many() {
    let mut site = Site::with(&["BOLT A-01 20"]);
    let rows: &[(&[&str], &str)] = &[
        (&[WAYBILL, "BOLT"], "BOLT -1"),
        (&["BOLT", "A-01"], "several 2,BOLT,A-01"),
    ];
    check(&mut site, Operation::LookUp, &[], rows);
}

/// One row: what was taken of the trigger, the code right behind it, and what becomes of that.
fn check_next(inputs: &[&str], one_label: bool, rows: &[(&str, &str, &str)]) {
    for (taken, next, expected) in rows {
        let mut site = Site::new();
        let before = work(&mut site, Operation::Receive, inputs);
        let taken = code(taken);
        let step = before.handle(operations::Input::Scan(taken.clone()), &site, &context());
        let step = step.unwrap();
        site.apply(&step);
        let open = step.events.is_empty().then_some(&before);
        let ctx = context();
        let found = follow(
            open,
            &step.task,
            &[taken],
            &code(next),
            one_label,
            &site,
            &ctx,
        );
        let got = match found.unwrap() {
            Next::Own(chosen) => format!("own {}", chosen.code.raw),
            Next::Instead(chosen) => {
                let lot = chosen.code.fields.lot.unwrap_or_default();
                format!("instead {} {lot}", chosen.code.raw)
            }
            Next::Several(_) => "several".to_owned(),
            Next::Aside => "aside".to_owned(),
        };
        assert_eq!(got.trim(), *expected, "{inputs:?}, then {next}");
    }
}

#[test]
fn a_code_right_behind_another_is_taken_where_it_has_a_part_of_its_own() {
    let rows = [
        ("BOLT", "A-01", "instead A-01"),
        ("A-01", "BOLT", "own BOLT"),
        ("A-01", "A-02", "several"),
        ("A-01", WAYBILL, "aside"),
    ];
    check_next(&[], false, &rows);
    let begun = ["scan A-01"];
    let rows = [
        ("BOLT", "WIRE", "own WIRE"),
        ("BOLT", WAYBILL, "aside"),
        ("BOLT", SSCC, "aside"),
        ("BOLT", "A-02", "aside"),
        ("BOLT", "4006381333931", "aside"),
        (SSCC, "BOLT", "instead BOLT"),
        (GTIN, LOT, "instead gtin=04012345678901 L1"),
        ("4012345678901", LOT, "instead 4012345678901 L1"),
        ("MILK", "lot=L1", "own lot=L1"),
    ];
    check_next(&begun, false, &rows);
}

#[test]
fn what_a_camera_saw_at_once_is_one_label() {
    let rows = [("BOLT", "WIRE", "several"), ("BOLT", WAYBILL, "aside")];
    check_next(&["scan A-01"], true, &rows);
}

#[test]
fn nothing_is_taken_back_once_it_is_written() {
    // The number makes the line certain at once.
    let rows = [
        ("gtin=04006381333931 count=3", "A-02", "aside"),
        ("gtin=04006381333931 count=3", "lot=L1", "aside"),
        ("gtin=04006381333931 count=3", "WIRE", "own WIRE"),
        ("gtin=04006381333931 count=3", WAYBILL, "aside"),
    ];
    check_next(&["scan A-01"], false, &rows);
}
