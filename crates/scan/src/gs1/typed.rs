//! What the value of an element means: days, times, measures, amounts of money.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::date::{long_date, short_date};
use super::dictionary::look_up;
use super::element::Element;
use super::error::Gs1Error;
use super::fields::Measure;

/// A value with its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Text, keys and codes.
    Text(String),
    /// A count: (20), (30), (37).
    Number(u64),
    Day(NaiveDate),
    /// (7007): first and last day; one day is both.
    Days(NaiveDate, NaiveDate),
    /// A time of the place where the label was made, to the minute or the second.
    Moment(NaiveDateTime),
    /// (31nn) to (36nn) with the unit as the dictionary writes it: `kg`, `m²`, `ft³`.
    Measure {
        measure: Measure,
        unit: &'static str,
    },
    /// (390n) to (393n), (395n) with the number of the currency (ISO 4217) where the label names it.
    Amount {
        amount: Measure,
        currency: Option<u16>,
    },
    /// (394n): percent off.
    Percent(Measure),
    /// (4330) to (4333): hundredths of a degree, and whether they are of Fahrenheit.
    Temperature {
        hundredths: i64,
        fahrenheit: bool,
    },
}

impl Element {
    /// The value with its meaning; `reference_year` settles the century of two-digit years (49
    /// years back to 50 ahead), and day 00 is the last day of its month.
    ///
    /// # Errors
    /// The element never passed [`super::parse_elements`], or its day does not exist in the century
    /// that it falls into (29 February 2100).
    pub fn typed(&self, reference_year: i32) -> Result<Typed, Gs1Error> {
        let value = self.value.as_str();
        let bad_date = || Gs1Error::BadDate {
            ai: self.ai.clone(),
            at: 0,
        };
        let part = |range: std::ops::Range<usize>| value.get(range).unwrap_or_default();
        let day = |range| short_date(part(range), reference_year).ok_or_else(bad_date);
        let decimals = self
            .ai
            .as_bytes()
            .last()
            .map_or(0, |digit| digit.wrapping_sub(b'0'));
        let number = |digits: &str| {
            digits.parse::<u64>().map_err(|_| Gs1Error::BadCharacter {
                ai: self.ai.clone(),
                at: 0,
            })
        };
        let measure = |digits: &str| number(digits).map(|digits| Measure { digits, decimals });
        Ok(match self.ai.as_str() {
            "11" | "12" | "13" | "15" | "16" | "17" | "4326" | "7006" => Typed::Day(day(0..6)?),
            "7250" => Typed::Day(long_date(value).ok_or_else(bad_date)?),
            "7007" => {
                let first = day(0..6)?;
                let last = if value.len() > 6 { day(6..12)? } else { first };
                Typed::Days(first, last)
            }
            "7003" | "4324" | "4325" | "8008" => {
                Typed::Moment(moment(day(0..6)?, part(6..value.len())).ok_or_else(bad_date)?)
            }
            "7011" if value.len() == 6 => Typed::Day(day(0..6)?),
            "7011" => Typed::Moment(moment(day(0..6)?, part(6..10)).ok_or_else(bad_date)?),
            "7251" => {
                let day = long_date(part(0..8)).ok_or_else(bad_date)?;
                Typed::Moment(moment(day, part(8..12)).ok_or_else(bad_date)?)
            }
            "20" | "30" | "37" => Typed::Number(number(value)?),
            "4330" | "4331" | "4332" | "4333" => {
                let degrees = value.trim_end_matches('-');
                let hundredths = i64::try_from(number(degrees)?).unwrap_or(i64::MAX);
                Typed::Temperature {
                    hundredths: if degrees.len() < value.len() {
                        -hundredths
                    } else {
                        hundredths
                    },
                    fahrenheit: matches!(self.ai.as_str(), "4330" | "4332"),
                }
            }
            ai if ai.len() == 4 => match &ai[..3] {
                "390" | "392" | "395" => Typed::Amount {
                    amount: measure(value)?,
                    currency: None,
                },
                "391" | "393" => Typed::Amount {
                    amount: measure(part(3..value.len()))?,
                    currency: part(0..3).parse().ok(),
                },
                "394" => Typed::Percent(measure(value)?),
                _ if matches!(&ai[..2], "31" | "32" | "33" | "34" | "35" | "36") => {
                    Typed::Measure {
                        measure: measure(value)?,
                        unit: unit(ai),
                    }
                }
                _ => Typed::Text(self.value.clone()),
            },
            _ => Typed::Text(self.value.clone()),
        })
    }
}

/// `HH`, `HHMM` or `HHMMSS` on a day.
fn moment(day: NaiveDate, time: &str) -> Option<NaiveDateTime> {
    let number = |at: usize| match time.get(at..at + 2) {
        Some(digits) => digits.parse::<u32>().ok(),
        None => Some(0),
    };
    // Half a number is none.
    if !time.len().is_multiple_of(2) {
        return None;
    }
    NaiveTime::from_hms_opt(number(0)?, number(2)?, number(4)?).map(|time| day.and_time(time))
}

/// The unit in the title of a measure: `NET WEIGHT (kg)`, `VOLUME (qt (US)), log`, `KG PER m²`.
fn unit(code: &str) -> &'static str {
    let title = look_up(code).map_or("", |ai| ai.title);
    let bracketed = title
        .split_once('(')
        .and_then(|(_, rest)| rest.rsplit_once(')'));
    match bracketed {
        Some((unit, _)) => unit,
        None if title == "KG PER m²" => "kg/m²",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_bracketed_elements;
    use super::*;

    fn typed(text: &str) -> Typed {
        let elements =
            parse_bracketed_elements(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        elements[0]
            .typed(2026)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn days_and_times() {
        let moment = |date: NaiveDate, h, m, s| Typed::Moment(date.and_hms_opt(h, m, s).unwrap());
        for (text, expected) in [
            ("(17)270200", Typed::Day(day(2027, 2, 28))),
            ("(11)280200", Typed::Day(day(2028, 2, 29))),
            ("(15)771231", Typed::Day(day(1977, 12, 31))),
            ("(4326)270101", Typed::Day(day(2027, 1, 1))),
            (
                "(7007)260101",
                Typed::Days(day(2026, 1, 1), day(2026, 1, 1)),
            ),
            (
                "(7007)260101260131",
                Typed::Days(day(2026, 1, 1), day(2026, 1, 31)),
            ),
            ("(7003)2612312359", moment(day(2026, 12, 31), 23, 59, 0)),
            ("(4324)2602000730", moment(day(2026, 2, 28), 7, 30, 0)),
            ("(4325)2602282359", moment(day(2026, 2, 28), 23, 59, 0)),
            ("(8008)26123107", moment(day(2026, 12, 31), 7, 0, 0)),
            ("(8008)2612310730", moment(day(2026, 12, 31), 7, 30, 0)),
            ("(8008)261231073059", moment(day(2026, 12, 31), 7, 30, 59)),
            ("(7011)261231", Typed::Day(day(2026, 12, 31))),
            ("(7011)2612310730", moment(day(2026, 12, 31), 7, 30, 0)),
            ("(7250)19801231", Typed::Day(day(1980, 12, 31))),
            ("(7251)198012310730", moment(day(1980, 12, 31), 7, 30, 0)),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    #[test]
    fn measures_and_amounts() {
        let measure = |digits, decimals| Measure { digits, decimals };
        let of = |digits, decimals, unit| Typed::Measure {
            measure: measure(digits, decimals),
            unit,
        };
        let amount = |digits, decimals, currency| Typed::Amount {
            amount: measure(digits, decimals),
            currency,
        };
        for (text, expected) in [
            ("(3103)001250", of(1250, 3, "kg")),
            ("(3205)000001", of(1, 5, "lb")),
            ("(3142)000150", of(150, 2, "m²")),
            ("(3621)000015", of(15, 1, "qt (US)")),
            ("(3370)000080", of(80, 0, "kg/m²")),
            ("(3560)000002", of(2, 0, "tr oz")),
            ("(3922)1999", amount(1999, 2, None)),
            ("(3932)9781999", amount(1999, 2, Some(978))),
            (
                "(3910)156123456789012345",
                amount(123_456_789_012_345, 0, Some(156)),
            ),
            ("(3900)5", amount(5, 0, None)),
            ("(3953)001999", amount(1999, 3, None)),
            ("(3941)0125", Typed::Percent(measure(125, 1))),
            ("(30)12", Typed::Number(12)),
            ("(37)00000012", Typed::Number(12)),
            ("(20)07", Typed::Number(7)),
            ("(10)L7", Typed::Text("L7".into())),
            ("(8001)12341234512398", Typed::Text("12341234512398".into())),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
        for (text, hundredths, fahrenheit) in
            [("(4331)000250", 250, false), ("(4332)001850-", -1850, true)]
        {
            let expected = Typed::Temperature {
                hundredths,
                fahrenheit,
            };
            assert_eq!(typed(text), expected, "{text}");
        }
    }

    #[test]
    fn every_measure_has_its_unit() {
        for code in 3100..3700 {
            let code = code.to_string();
            if look_up(&code).is_some() {
                assert_ne!(unit(&code), "", "{code}");
            }
        }
    }

    #[test]
    fn a_day_that_its_century_lacks_is_no_day() {
        let element = Element {
            ai: "17".into(),
            value: "000229".into(),
        };
        assert!(element.typed(2026).is_ok());
        assert!(element.typed(2090).is_err());
        for (ai, value) in [
            ("17", "x"),
            ("7003", ""),
            ("8008", "2612319"),
            ("3932", "97"),
            ("37", ""),
        ] {
            let element = Element {
                ai: ai.into(),
                value: value.into(),
            };
            assert!(element.typed(2026).is_err(), "{ai} {value}");
        }
    }
}
