//! Charts as numbers: where bars and points stand in a picture of fixed size. The templates draw them as SVG, with the
//! same figures as a table behind, so that they need no script, print as they are and can be read aloud.

/// Width of the plot.
pub const WIDTH: f64 = 720.0;
/// Height of the plot.
pub const HEIGHT: f64 = 200.0;

/// One column of a chart: a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The day, as it is called.
    pub name: String,
    /// Whether its name stands under the plot.
    pub is_named: bool,
    /// Where it goes when clicked.
    pub link: String,
    /// Its left edge, and its middle.
    pub left: f64,
    /// Its middle.
    pub middle: f64,
    /// One for each series.
    pub bars: Vec<Bar>,
}

/// One figure of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The figure in words.
    pub text: String,
    /// Where it begins, how wide it is.
    pub x: f64,
    /// How wide it is.
    pub width: f64,
    /// Its top; `HEIGHT` is the ground.
    pub y: f64,
    /// How tall it is.
    pub height: f64,
}

/// A line across the plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where it stands.
    pub y: f64,
    /// What it means.
    pub text: String,
}

/// A chart of one or more series over days.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    /// Codes of the series, for their names and colours.
    pub series: Vec<&'static str>,
    /// From left to right.
    pub columns: Vec<Column>,
    /// From the ground up.
    pub ticks: Vec<Tick>,
    /// Of a line: the points, as `points` of a polyline wants them.
    pub line: String,
}

/// The figures of one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// As it is called.
    pub name: String,
    /// Where it goes when clicked.
    pub link: String,
    /// One for each series.
    pub values: Vec<f64>,
}

/// A round number at or above: 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * power)
        .find(|round| *round >= value)
        .unwrap_or(10.0 * power)
}

/// Without decimals that nobody needs.
fn text(value: f64) -> String {
    super::words::grouped(&if value.fract().abs() < 1e-9 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    })
}

impl Column {
    /// How wide it is.
    pub fn room(&self) -> f64 {
        2.0 * (self.middle - self.left)
    }
}

impl Chart {
    /// Bars beside each other for each day. Negative figures stand on the ground.
    pub fn bars(series: &[&'static str], days: &[Day]) -> Self {
        let highest = days.iter().flat_map(|day| &day.values).copied();
        let top = round_up(highest.fold(0.0, f64::max));
        let mut chart = Self::plot(series, days, 0.0, top);
        for (column, day) in chart.columns.iter_mut().zip(days) {
            let room = 2.0 * (column.middle - column.left);
            let width = room * 0.76 / day.values.len().max(1) as f64;
            for (i, value) in day.values.iter().enumerate() {
                let height = (value.max(0.0) / top) * HEIGHT;
                column.bars.push(Bar {
                    text: text(*value),
                    x: column.left + room * 0.12 + i as f64 * width,
                    width: (width - 1.0).max(1.0),
                    y: HEIGHT - height,
                    height,
                });
            }
        }
        chart
    }

    /// A line through the first figure of each day. The ground need not be zero.
    pub fn line(series: &'static str, days: &[Day]) -> Self {
        let values = || days.iter().filter_map(|day| day.values.first().copied());
        let highest = values().fold(f64::MIN, f64::max);
        let lowest = values().fold(f64::MAX, f64::min);
        let top = round_up(highest.max(0.0));
        // What hardly changes would be a flat line at the top.
        let ground = match lowest {
            lowest if lowest < 0.0 => -round_up(-lowest),
            lowest if lowest > top * 0.5 => top * 0.5,
            _ => 0.0,
        };
        let mut chart = Self::plot(&[series], days, ground, top);
        let mut points = Vec::new();
        for (column, day) in chart.columns.iter_mut().zip(days) {
            let value = day.values.first().copied().unwrap_or_default();
            let height = (value - ground) / (top - ground) * HEIGHT;
            let y = HEIGHT - height;
            points.push(format!("{:.1},{y:.1}", column.middle));
            column.bars.push(Bar {
                text: text(value),
                x: column.middle,
                width: 0.0,
                y,
                height,
            });
        }
        chart.line = points.join(" ");
        chart
    }

    fn plot(series: &[&'static str], days: &[Day], ground: f64, top: f64) -> Self {
        let room = WIDTH / days.len().max(1) as f64;
        // At most eight names fit, the last day's always.
        let step = days.len().div_ceil(8).max(1);
        let columns = days.iter().enumerate().map(|(i, day)| Column {
            name: day.name.clone(),
            is_named: (days.len() - 1 - i).is_multiple_of(step),
            link: day.link.clone(),
            left: i as f64 * room,
            middle: (i as f64 + 0.5) * room,
            bars: Vec::new(),
        });
        let ticks = (0..=4).map(|n| {
            let share = f64::from(n) / 4.0;
            Tick {
                y: HEIGHT * (1.0 - share),
                text: text(ground + (top - ground) * share),
            }
        });
        Self {
            series: series.to_vec(),
            columns: columns.collect(),
            ticks: ticks.collect(),
            line: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(values: &[&[f64]]) -> Vec<Day> {
        let day = |(i, values): (usize, &&[f64])| Day {
            name: i.to_string(),
            link: String::new(),
            values: values.to_vec(),
        };
        values.iter().enumerate().map(day).collect()
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (value, top) in [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.2, 5.0),
            (87.0, 100.0),
            (101.0, 200.0),
            (f64::NAN, 1.0),
        ] {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    #[test]
    fn bars_stand_on_the_ground_and_within_the_plot() {
        let chart = Chart::bars(&["in", "out"], &days(&[&[0.0, 40.0], &[100.0, -3.0]]));
        let bars: Vec<&Bar> = chart.columns.iter().flat_map(|c| &c.bars).collect();
        let heights: Vec<f64> = bars.iter().map(|b| b.height).collect();
        assert_eq!(heights, [0.0, 80.0, 200.0, 0.0]);
        assert!(bars.iter().all(|b| (b.y + b.height - HEIGHT).abs() < 1e-9));
        assert!(bars.iter().all(|b| b.x >= 0.0 && b.x + b.width <= WIDTH));
        assert_eq!(
            chart.ticks.last().map(|t| (t.y, t.text.as_str())),
            Some((0.0, "100"))
        );
    }

    #[test]
    fn a_line_shows_small_changes_and_none_of_nothing() {
        let chart = Chart::line("level", &days(&[&[950.0], &[1_000.0]]));
        assert_eq!(chart.ticks[0].text, "500");
        assert_eq!(chart.line, "180.0,20.0 540.0,0.0");
        let flat = Chart::line("level", &days(&[&[0.0]]));
        assert_eq!(flat.columns[0].bars[0].y, HEIGHT);
        assert!(Chart::line("level", &[]).line.is_empty());
        assert_eq!(
            Chart::bars(&["in"], &days(&[&[0.0][..]; 90]))
                .columns
                .iter()
                .filter(|c| c.is_named)
                .count(),
            8
        );
    }
}
