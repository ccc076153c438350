//! The first sheet of a workbook (XLSX), cell by cell.

use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, Xlsx};
use zip::ZipArchive;

use super::grid::{COLUMNS_MAX, Grid, ROWS_MAX, Taken};
use super::sheet::SheetProblem;

/// What a workbook may unpack to, over all its parts: a hundred thousand full rows take a fifth of it.
const UNPACKED_MAX: u64 = 200 * 1024 * 1024;
/// Parts of a workbook; pictures count.
const PARTS_MAX: usize = 2_000;

/// Whether a file begins as a workbook does.
pub(super) fn is_one(file: &[u8]) -> bool {
    file.starts_with(b"PK\x03\x04") || file.starts_with(b"PK\x05\x06")
}

/// Whether it is a workbook of the form before XLSX (XLS), or one with a password: both are OLE files.
pub(super) fn is_an_old_one(file: &[u8]) -> bool {
    file.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

/// Reads the first sheet.
///
/// # Errors
/// See [`SheetProblem`].
pub(super) fn read(file: &[u8]) -> Result<Grid, SheetProblem> {
    measure(file)?;
    // Readers of other people's formats are not trusted to end every broken file in an error.
    catch_unwind(AssertUnwindSafe(|| sheet(file))).unwrap_or(Err(SheetProblem::BrokenWorkbook))
}

/// Unpacks everything once, into nothing: what the parts say of their own size may be wrong, and the reader believes it.
fn measure(file: &[u8]) -> Result<(), SheetProblem> {
    let broken = |_| SheetProblem::BrokenWorkbook;
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(broken)?;
    if archive.len() > PARTS_MAX {
        return Err(SheetProblem::TooLarge);
    }
    let mut left = UNPACKED_MAX;
    for part in 0..archive.len() {
        let part = archive.by_index(part).map_err(broken)?;
        let read = std::io::copy(&mut part.take(left + 1), &mut std::io::sink())
            .map_err(|_| SheetProblem::BrokenWorkbook)?;
        left = left.checked_sub(read).ok_or(SheetProblem::TooLarge)?;
    }
    Ok(())
}

fn sheet(file: &[u8]) -> Result<Grid, SheetProblem> {
    let mut book: Xlsx<_> =
        Xlsx::new(Cursor::new(file)).map_err(|_| SheetProblem::BrokenWorkbook)?;
    let name = book.sheet_names().first().cloned();
    let name = name.ok_or(SheetProblem::Empty)?;
    let mut cells = book
        .worksheet_cells_reader(&name)
        .map_err(|_| SheetProblem::BrokenWorkbook)?;
    let mut taken: Option<Taken> = None;
    let mut row: (u32, Vec<String>) = (0, Vec::new());
    // A workbook may hold rows without number that are empty: they are passed over, and not for ever.
    let mut empty = 0_usize;
    loop {
        let cell = cells
            .next_cell()
            .map_err(|_| SheetProblem::BrokenWorkbook)?;
        let at = cell.as_ref().map(|cell| cell.get_position());
        if at.is_none_or(|(line, _)| line != row.0) {
            finish(&mut taken, std::mem::take(&mut row.1), row.0, &mut empty)?;
        }
        let (Some(cell), Some((line, column))) = (cell, at) else {
            break;
        };
        row.0 = line;
        let words = words(cell.get_value());
        if words.is_empty() {
            continue;
        }
        let column = column as usize;
        if column >= COLUMNS_MAX {
            return Err(SheetProblem::TooWide);
        }
        if row.1.len() <= column {
            row.1.resize(column + 1, String::new());
        }
        if let Some(place) = row.1.get_mut(column) {
            *place = words;
        }
    }
    taken.ok_or(SheetProblem::Empty)?.done("XLSX")
}

/// A row is whole: the first one that says anything is the heading.
fn finish(
    taken: &mut Option<Taken>,
    cells: Vec<String>,
    line: u32,
    empty: &mut usize,
) -> Result<(), SheetProblem> {
    if cells.is_empty() {
        *empty += 1;
        return match *empty > 20 * ROWS_MAX {
            true => Err(SheetProblem::TooLong),
            false => Ok(()),
        };
    }
    match taken {
        None => *taken = Some(Taken::new(cells)?),
        Some(taken) => taken.row(u64::from(line) + 1, cells)?,
    }
    Ok(())
}

/// What a cell says, as a person would type it: codes that a spreadsheet keeps as numbers have no exponent and no point,
/// days are written 2027-01-31. A formula is its last result; an error says nothing.
fn words(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::String(text) => text.trim().to_owned(),
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(at) => match at.as_datetime() {
            Some(at) if at.time() == chrono::NaiveTime::MIN => at.date().to_string(),
            Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
            None => number(at.as_f64()),
        },
        DataRef::DateTimeIso(text) => text
            .strip_suffix("T00:00:00")
            .unwrap_or(text.as_str())
            .to_owned(),
        DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// Spreadsheets keep 15 digits: what binary fractions add behind them is not the user's.
fn number(n: f64) -> String {
    if n.fract() == 0.0 {
        return format!("{n:.0}");
    }
    let whole = n.abs().log10().floor().max(0.0) as usize + 1;
    let text = format!("{n:.*}", 15_usize.saturating_sub(whole).min(9));
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_read_as_a_person_would_type_them() {
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let file = book(|sheet| {
            sheet.write(1, 0, "SKU").unwrap();
            sheet.write(1, 1, "条码").unwrap();
            sheet.write(1, 2, "效期").unwrap();
            sheet.write(1, 3, "数量").unwrap();
            sheet.write(1, 4, "批次管理").unwrap();
            sheet.write(3, 0, " A-1 ").unwrap();
            sheet.write(3, 1, 6_901_234_599_990_f64).unwrap();
            let expiry = ExcelDateTime::from_ymd(2027, 1, 31).unwrap();
            sheet.write_with_format(3, 2, &expiry, &day).unwrap();
            sheet.write(3, 3, 0.1 + 0.2).unwrap();
            sheet.write(3, 4, true).unwrap();
            sheet.write(5, 3, 1250).unwrap();
        });
        let grid = Grid::read(&file).unwrap();
        assert_eq!(grid.format, "XLSX");
        assert_eq!(grid.headings, ["SKU", "条码", "效期", "数量", "批次管理"]);
        assert_eq!(grid.rows.len(), 2);
        assert_eq!(grid.rows[0].line, 4);
        assert_eq!(
            grid.rows[0].cells,
            ["A-1", "6901234599990", "2027-01-31", "0.3", "yes"]
        );
        assert_eq!((grid.rows[1].line, grid.rows[1].cells.len()), (6, 4));
        assert_eq!(grid.rows[1].cells[3], "1250");
    }

    #[test]
    fn more_rows_than_are_taken_are_refused() {
        let file = book(|sheet| {
            for row in 0..=ROWS_MAX as u32 + 1 {
                sheet.write(row, 0, "A").unwrap();
            }
        });
        assert_eq!(Grid::read(&file), Err(SheetProblem::TooLong));
    }

    /// A workbook with one part that unpacks to `bytes` zeros.
    fn bomb(bytes: u64) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
        std::io::copy(&mut std::io::repeat(b' ').take(bytes), &mut zip).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        let file = bomb(UNPACKED_MAX + 1);
        assert!(file.len() < 1 << 20, "{}", file.len());
        assert_eq!(Grid::read(&file), Err(SheetProblem::TooLarge));
    }

    #[test]
    fn what_is_no_workbook_says_so() {
        let good = book(|sheet| {
            sheet.write(0, 0, "SKU").unwrap();
            sheet.write(1, 0, "A").unwrap();
        });
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("a.txt", SimpleFileOptions::default())
            .unwrap();
        zip.write_all(b"hello").unwrap();
        let other = zip.finish().unwrap().into_inner();
        for file in [&good[..good.len() / 2], &good[..10], &other, &bomb(10)] {
            let read = Grid::read(file);
            assert!(
                matches!(
                    read,
                    Err(SheetProblem::BrokenWorkbook | SheetProblem::Empty)
                ),
                "{read:?}"
            );
        }
        // Any byte of it may be wrong.
        for at in (0..good.len()).step_by(7) {
            let mut spoilt = good.clone();
            spoilt[at] ^= 0x55;
            let _ = Grid::read(&spoilt);
        }
        assert_eq!(
            Grid::read(&book(|_| {})),
            Err(SheetProblem::Empty),
            "an empty sheet"
        );
    }
}
