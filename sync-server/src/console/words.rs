//! Sentences made of values: what happened, how long ago, how much.

use domain::Quantity;
use domain::ledger::{ExceptionKind, Standing};

use crate::console::view::{ChangeView, EventView, ExceptionView, Named, PreviewLine, SubjectView};
use crate::i18n::Lang;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How long ago.
pub fn ago(lang: Lang, millis: i64) -> String {
    if millis < MINUTE {
        return lang.t("time.now").to_owned();
    }
    lang.fill("time.ago", &[("span", &span(lang, millis))])
}

/// A length of time, in the largest unit that fits.
pub fn span(lang: Lang, millis: i64) -> String {
    let length = millis.abs();
    let (key, n) = match length {
        DAY.. => ("time.days", length / DAY),
        HOUR.. => ("time.hours", length / HOUR),
        MINUTE.. => ("time.minutes", length / MINUTE),
        _ => ("time.seconds", length / 1_000),
    };
    lang.fill(key, &[("n", &n.to_string())])
}

/// How far a clock is off; small differences are none.
pub fn offset(lang: Lang, offset: i64) -> String {
    let key = match offset {
        2_000.. => "time.ahead",
        ..=-2_000 => "time.behind",
        _ => return lang.t("time.right").to_owned(),
    };
    lang.fill(key, &[("span", &span(lang, offset))])
}

/// An amount of data, in units of ten to the three; one digit behind the point below ten.
pub fn bytes(bytes: u64) -> String {
    let (unit, size) = match bytes {
        1_000_000_000.. => ("GB", 1e9),
        1_000_000.. => ("MB", 1e6),
        1_000.. => ("kB", 1e3),
        _ => return format!("{bytes} B"),
    };
    let n = bytes as f64 / size;
    match n < 9.95 {
        true => format!("{n:.1} {unit}"),
        false => format!("{n:.0} {unit}"),
    }
}

/// A quantity with its unit of measure; common units are translated.
pub fn quantity(lang: Lang, quantity: Quantity, base_unit: &str) -> String {
    if base_unit.is_empty() {
        return quantity.to_string();
    }
    let unit = lang.find(&format!("unit.{base_unit}")).unwrap_or(base_unit);
    format!("{quantity} {unit}")
}

/// A number in groups of three digits, by a narrow space that does not break.
pub fn grouped(number: &str) -> String {
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => ("−", rest),
        None => ("", number),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (number, String::new()),
    };
    let mut out = String::from(sign);
    for (i, digit) in whole.char_indices() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + &fraction
}

/// Name and code of an item, as sentences use it.
pub fn item(lang: Lang, item: &Named) -> String {
    if item.has_both(lang) {
        lang.fill(
            "words.named",
            &[("name", item.name(lang)), ("code", &item.code)],
        )
    } else {
        item.name(lang).to_owned()
    }
}

/// The goods of an event: the item with its lot and unit.
fn goods(lang: Lang, event: &EventView) -> String {
    let mut out = event
        .item
        .as_ref()
        .map(|named| item(lang, named))
        .unwrap_or_default();
    if let Some(lot) = &event.lot {
        out.push_str(&lang.fill("words.of-lot", &[("lot", lot)]));
    }
    if let Some(unit) = &event.unit {
        out.push_str(&lang.fill("words.of-unit", &[("unit", &unit.printed)]));
    }
    out
}

/// What happened, in one sentence.
pub fn event(lang: Lang, event: &EventView) -> String {
    let key = match (event.kind, &event.bin) {
        ("quarantine-decided", _) => match event.releases {
            Some((_, true)) => "event.quarantine-released".to_owned(),
            _ => "event.quarantine-rejected".to_owned(),
        },
        ("noted", _) => match (&event.to, &event.reason) {
            (Some(_), _) => "event.noted-to".to_owned(),
            _ => "event.noted".to_owned(),
        },
        ("custody", _) => format!(
            "event.custody-{}",
            event.code.as_deref().unwrap_or("deposited")
        ),
        ("set-aside", None) => "event.set-aside-nowhere".to_owned(),
        ("order-finished", _) => format!(
            "event.order-{}-finished",
            event.code.as_deref().unwrap_or("receive")
        ),
        ("inspected", _) => format!(
            "event.inspected-{}",
            event.code.as_deref().unwrap_or("on-hold")
        ),
        ("reversed" | "count-approved" | "attached", _) if event.target.is_some() => {
            format!("event.{}-what", event.kind)
        }
        (kind, _) => format!("event.{kind}"),
    };
    let amount = event
        .quantity
        .map(|q| quantity(lang, q, &event.base_unit))
        .unwrap_or_default();
    let signed = match event.quantity {
        Some(q) if q > Quantity::ZERO => format!("+{amount}"),
        _ => amount.clone(),
    };
    let bin = |bin: &Option<Named>| {
        bin.as_ref()
            .map(|b| b.short().to_owned())
            .unwrap_or_default()
    };
    let decided = event
        .decides
        .as_ref()
        .map(|(_, kind)| lang.t(&format!("kind.{kind}")).to_owned())
        .unwrap_or_default();
    let target = event
        .target
        .as_ref()
        .map(|target| self::event(lang, target))
        .unwrap_or_default();
    let device = event
        .releases
        .as_ref()
        .map(|(device, _)| device.name(lang).to_owned())
        .unwrap_or_default();
    let counted = event
        .lines
        .iter()
        .map(|line| {
            let name = item(lang, &line.item);
            let lot = line
                .lot
                .as_ref()
                .map(|lot| lang.fill("words.of-lot", &[("lot", lot)]))
                .unwrap_or_default();
            format!("{name}{lot}: {}", line.counted)
        })
        .collect::<Vec<_>>()
        .join(lang.t("words.comma"));
    let counted = if event.lines.is_empty() {
        lang.t("words.empty-bin").to_owned()
    } else {
        counted
    };
    let said = lang.fill(
        &key,
        &[
            ("goods", &goods(lang, event)),
            ("quantity", &amount),
            ("difference", &signed),
            ("bin", &bin(&event.bin)),
            ("to", &bin(&event.to)),
            ("code", event.code.as_deref().unwrap_or_default()),
            ("reason", &reason(lang, event)),
            ("counted", &counted),
            ("exception", &decided),
            ("what", &target),
            ("device", &device),
            ("carton", event.carton.as_deref().unwrap_or_default()),
            ("order", event.order.as_deref().unwrap_or_default()),
            ("differences", &differences(lang, event)),
        ],
    );
    // What a line says beyond its kind.
    let mut said = said;
    if let Some(carton) = event.carton.as_ref().filter(|_| event.kind != "packed") {
        said.push_str(&lang.fill("words.in-carton", &[("carton", carton)]));
    }
    if !event.open.is_empty() {
        let orders = event.open.join(lang.t("words.comma"));
        said.push_str(&lang.fill("words.left-open", &[("orders", &orders)]));
    }
    if matches!(
        event.kind,
        "received" | "issued" | "moved" | "counted" | "packed"
    ) {
        if event.reason.is_some() {
            let why = reason(lang, event);
            said.push_str(&lang.fill("words.because", &[("reason", &why)]));
        }
        if let Some(order) = &event.order {
            said.push_str(&lang.fill("words.for-order", &[("order", order)]));
        }
    }
    said
}

/// Where the work on an order came out otherwise than it was asked for.
fn differences(lang: Lang, event: &EventView) -> String {
    let differs = event.finished.iter().filter(|line| line.asked != line.done);
    let lines: Vec<String> = differs
        .map(|line| {
            let name = match &line.item {
                Some(named) => item(lang, named),
                None => lang.t("words.not-ordered").to_owned(),
            };
            let (asked, done) = (line.asked.to_string(), line.done.to_string());
            let why = reason_word(lang, &line.reason);
            let key = if why.is_empty() {
                "words.asked-done"
            } else {
                "words.asked-done-why"
            };
            let args = [
                ("what", name.as_str()),
                ("asked", &asked),
                ("done", &done),
                ("why", &why),
            ];
            lang.fill(key, &args)
        })
        .collect();
    if lines.is_empty() {
        lang.t("words.as-asked").to_owned()
    } else {
        lines.join(lang.t("words.comma"))
    }
}

fn reason_word(lang: Lang, code: &str) -> String {
    lang.find(&format!("reason.{code}"))
        .unwrap_or(code)
        .to_owned()
}

/// A reason code or a decision's choice in words; codes that nobody translated show as they are.
fn reason(lang: Lang, event: &EventView) -> String {
    let code = event.reason.as_deref().unwrap_or_default();
    if event.kind == "resolved" {
        lang.find(&format!("choice.{code}"))
            .unwrap_or(code)
            .to_owned()
    } else {
        reason_word(lang, code)
    }
}

/// What an exception is about.
pub fn subject(lang: Lang, subject: &SubjectView) -> String {
    match subject {
        SubjectView::Stock {
            item: what,
            bin,
            lot,
        } => {
            let mut out = item(lang, what);
            if let Some(lot) = lot {
                out.push_str(&lang.fill("words.of-lot", &[("lot", lot)]));
            }
            lang.fill("words.in-bin", &[("what", &out), ("bin", bin.short())])
        }
        SubjectView::Bin(bin) => bin.short().to_owned(),
        SubjectView::Unit { unit, item: what } => match what {
            Some(what) => lang.fill(
                "words.unit-of",
                &[("unit", &unit.printed), ("item", &item(lang, what))],
            ),
            None => unit.printed.clone(),
        },
        SubjectView::Code(code) => code.clone(),
        SubjectView::Lot { item: what, lot } => {
            let mut out = item(lang, what);
            out.push_str(&lang.fill("words.of-lot", &[("lot", lot)]));
            out
        }
        SubjectView::Clock(who) | SubjectView::Rights(who) => who.name(lang).to_owned(),
        SubjectView::Order { code, party, step } => {
            let step = format!("step.{step}");
            let step = lang.t(&step);
            let key = if party.is_empty() {
                "words.order"
            } else {
                "words.order-of"
            };
            lang.fill(key, &[("step", step), ("code", code), ("party", party)])
        }
    }
}

/// What an exception does to the stock.
pub fn effect(lang: Lang, exception: &ExceptionView) -> String {
    let amount = |q: Option<Quantity>| {
        q.map(|q| quantity(lang, q, &exception.base_unit))
            .unwrap_or_default()
    };
    let moved = exception.evidence.last().and_then(|event| event.quantity);
    let total = exception
        .evidence
        .iter()
        .filter_map(|event| event.quantity)
        .fold(Quantity::ZERO, Quantity::plus);
    let variance = exception.variance();
    let signed = match variance {
        Some(q) if q > Quantity::ZERO => format!("+{}", amount(variance)),
        _ => amount(variance),
    };
    let ahead = exception
        .evidence
        .first()
        .and_then(|event| Some(event.device_time - event.arrived?))
        .map(|millis| span(lang, millis))
        .unwrap_or_default();
    lang.fill(
        &format!("effect.{}", exception.kind.code()),
        &[
            ("book", &amount(exception.book)),
            ("counted", &amount(exception.counted)),
            ("difference", &signed),
            ("now", &amount(exception.balance_now)),
            ("quantity", &amount(moved)),
            ("total", &amount(Some(total))),
            ("span", &ahead),
        ],
    )
}

/// What an event adds and takes, bin by bin, if it counts.
pub fn changes(lang: Lang, event: &EventView) -> String {
    if event.is_void() {
        return lang.t("changes.void").to_owned();
    }
    if event.kind == "counted" {
        let is_approved = event.standing == Standing::Approved;
        let key = if is_approved {
            "changes.count-approved"
        } else {
            "changes.count"
        };
        return lang.t(key).to_owned();
    }
    if event.changes.is_empty() {
        return lang.t("changes.none").to_owned();
    }
    let of_bin = |change: &ChangeView| {
        let amount = quantity(lang, change.by, &event.base_unit);
        let sign = if change.by > Quantity::ZERO { "+" } else { "" };
        format!("{} {sign}{amount}", change.bin.short())
    };
    let all: Vec<String> = event.changes.iter().map(of_bin).collect();
    all.join(lang.t("words.comma"))
}

/// The pile that a decision would change.
pub fn preview_what(lang: Lang, line: &PreviewLine) -> String {
    let mut what = match &line.item {
        Some(named) => item(lang, named),
        None => lang.t("preview.named-item").to_owned(),
    };
    if let Some(lot) = &line.lot {
        what.push_str(&lang.fill("words.of-lot", &[("lot", lot)]));
    }
    let bin = match &line.bin {
        Some(bin) => bin.short(),
        None => lang.t("preview.named-bin"),
    };
    lang.fill("words.in-bin", &[("what", &what), ("bin", bin)])
}

/// What is in a pile now, and what would be after a decision.
pub fn preview_amount(lang: Lang, line: &PreviewLine) -> String {
    let then = quantity(lang, line.then, &line.base_unit);
    match line.now {
        None => format!("+{then}"),
        Some(now) if now == line.then => lang.fill("preview.stays", &[("now", &then)]),
        Some(now) => format!("{now} → {then}"),
    }
}

/// What one piece of evidence is called: by its place where there are several, by its part where there is one.
pub fn side_label(lang: Lang, exception: &ExceptionView, index: usize) -> String {
    match exception.kind {
        ExceptionKind::NegativeStock => lang.t("side.fell").to_owned(),
        ExceptionKind::CountVariance => lang.t("side.counted").to_owned(),
        ExceptionKind::ClockSkew => lang.t("side.clock").to_owned(),
        _ => lang.fill("side.nth", &[("n", &(index + 1).to_string())]),
    }
}

/// What a field of a record is called; an entry of a map says which.
pub fn field(lang: Lang, path: &str) -> String {
    let (name, entry) = path.split_once('/').unwrap_or((path, ""));
    let word = lang.find(&format!("field.{name}")).unwrap_or(name);
    if entry.is_empty() {
        word.to_owned()
    } else {
        format!("{word} {entry}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (millis, en, zh) in [
            (30_000, "just now", "刚刚"),
            (5 * MINUTE, "5 min ago", "5 分钟前"),
            (3 * HOUR, "3 h ago", "3 小时前"),
            (50 * HOUR, "2 d ago", "2 天前"),
        ] {
            assert_eq!(ago(Lang::En, millis), en);
            assert_eq!(ago(Lang::Zh, millis), zh);
        }
    }

    #[test]
    fn long_numbers_stand_in_groups() {
        for (number, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1\u{202f}000"),
            ("-1234567.5", "−1\u{202f}234\u{202f}567.5"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn units_of_measure_are_translated_if_known() {
        let three = Quantity::from_thousandths(3_000);
        assert_eq!(quantity(Lang::Zh, three, "pcs"), "3 件");
        assert_eq!(quantity(Lang::Zh, three, "打"), "3 打");
        assert_eq!(quantity(Lang::En, three, ""), "3");
    }
}
