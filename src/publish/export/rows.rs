//! Figures as a table: CSV and a workbook.

use anyhow::Context as _;
use arrow::csv::WriterBuilder;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

use crate::indicators::Indicators;
use crate::indicators::row::Row;
use crate::indicators::scope::Scope;
use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;
use crate::publish::figures;

use super::{Published, Unfit};

/// A sheet holds so many rows below its headings.
const MAX_ROWS: usize = (1 << 20) - 1;

/// Writes rows as CSV under the columns of the published table.
pub(super) fn csv(rows: &[&Row]) -> anyhow::Result<Vec<u8>> {
    let rows: Vec<Row> = rows.iter().copied().cloned().collect();
    let indicators = Indicators::from_rows(&rows);
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new().with_header(true).build(&mut bytes);
    writer.write(indicators.batch()).context("failed to write the figures as CSV")?;
    drop(writer);
    Ok(bytes)
}

/// Writes rows as a workbook: the figures, and what each indicator means.
pub(super) fn workbook(
    rows: &[&Row],
    published: &Published<'_>,
    language: Language,
) -> anyhow::Result<Vec<u8>> {
    if rows.len() > MAX_ROWS {
        let n_rows = rows.len();
        let told = format!(
            "{n_rows} figures do not fit a sheet of {MAX_ROWS} rows: choose a period with --period"
        );
        return Err(Unfit(told).into());
    }
    let mut book = new_book()?;
    let bold = Format::new().set_bold();
    let names = Names { pipeline: published.pipeline, language };
    figures_sheet(book.add_worksheet(), rows, &names, &bold)?;
    catalogue_sheet(book.add_worksheet(), &names, &bold)?;
    book.save_to_buffer().context("failed to write the workbook")
}

/// Opens a workbook whose bytes depend on what is written alone.
pub(super) fn new_book() -> anyhow::Result<Workbook> {
    let mut book = Workbook::new();
    // Else the writer reads the clock.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    Ok(book)
}

/// Names of what rows are about, in a language.
pub(super) struct Names<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) language: Language,
}

impl Names<'_> {
    pub(super) fn choose<'n>(&self, vi: &'n str, en: &'n str) -> &'n str {
        match self.language {
            Language::English => en,
            Language::Vietnamese => vi,
        }
    }

    /// Names a scope.
    pub(super) fn scope(&self, scope: &Scope) -> String {
        let reference = &self.pipeline.reference;
        let named = match scope {
            Scope::Ministry => {
                let title = &self.pipeline.settings.title;
                Some((&*title.vi, &*title.en))
            }
            Scope::Unit(code) => {
                reference.units.get(code).map(|unit| (&*unit.name_vi, &*unit.name_en))
            }
            Scope::Field(code) => {
                let field = reference.services.fields.get(&**code);
                field.map(|field| (&*field.name_vi, &*field.name_en))
            }
            Scope::Procedure(code) => {
                let service = reference.services.latest(code);
                service.map(|service| (&*service.name_vi, &*service.name_en))
            }
        };
        named.map_or_else(|| scope.name().to_owned(), |(vi, en)| self.choose(vi, en).to_owned())
    }
}

fn figures_sheet(
    page: &mut Worksheet,
    rows: &[&Row],
    names: &Names<'_>,
    bold: &Format,
) -> anyhow::Result<()> {
    page.set_name(names.choose("Số liệu", "Figures"))?;
    let headings = [
        ("Chỉ tiêu", "Indicator"),
        ("Mã", "Id"),
        ("Phạm vi", "Scope"),
        ("Mã phạm vi", "Code"),
        ("Kỳ", "Period"),
        ("Tử số", "Numerator"),
        ("Mẫu số", "Denominator"),
        ("Giá trị", "Value"),
        ("Đơn vị tính", "Unit"),
        ("Trạng thái", "Status"),
        ("Chính thức", "Final"),
        ("Số đơn vị báo cáo", "Units included"),
        ("Số đơn vị phải báo cáo", "Units expected"),
        // Two definitions may be told of one period.
        ("Phiên bản định nghĩa", "Definition version"),
    ];
    for (column, (vi, en)) in (0..).zip(headings) {
        page.write_string_with_format(0, column, names.choose(vi, en), bold)?;
    }
    page.set_freeze_panes(1, 0)?;
    page.set_column_width(0, 48)?.set_column_width(2, 40)?;
    for (at, row) in (1..).zip(rows) {
        let indicator = names.pipeline.definitions.indicators.get(&*row.key.indicator);
        let name = indicator.map_or("", |indicator| figures::name(indicator, names.language));
        page.write_string(at, 0, name)?.write_string(at, 1, &*row.key.indicator)?;
        page.write_string(at, 2, names.scope(&row.key.scope))?;
        page.write_string(at, 3, row.key.scope.name())?;
        page.write_string(at, 4, row.key.period.label())?;
        let facts = &row.facts;
        let numerator = facts.numerator.map(|number| number as f64);
        let denominator = facts.denominator.map(|number| number as f64);
        for (column, number) in [(5, numerator), (6, denominator), (7, facts.value)] {
            if let Some(number) = number {
                page.write_number(at, column, number)?;
            }
        }
        page.write_string(at, 8, row.unit.name())?.write_string(at, 9, facts.status.name())?;
        page.write_boolean(at, 10, facts.is_final)?;
        page.write_number(at, 11, facts.units_included as f64)?;
        page.write_number(at, 12, facts.units_expected as f64)?;
        page.write_number(at, 13, row.key.version as f64)?;
    }
    Ok(())
}

fn catalogue_sheet(page: &mut Worksheet, names: &Names<'_>, bold: &Format) -> anyhow::Result<()> {
    page.set_name(names.choose("Danh mục", "Catalogue"))?;
    let headings =
        [("Mã", "Id"), ("Chỉ tiêu", "Indicator"), ("Cách tính", "Formula"), ("Nguồn", "Source")];
    for (column, (vi, en)) in (0..).zip(headings) {
        page.write_string_with_format(0, column, names.choose(vi, en), bold)?;
    }
    page.set_column_width(0, 28)?.set_column_width(1, 60)?.set_column_width(2, 100)?;
    for (at, indicator) in (1..).zip(names.pipeline.definitions.indicators.values()) {
        let name = figures::name(indicator, names.language);
        page.write_string(at, 0, &indicator.id)?.write_string(at, 1, name)?;
        page.write_string(at, 2, &indicator.words)?.write_string(at, 3, &indicator.source)?;
    }
    Ok(())
}
