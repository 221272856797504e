//! `docs/tables.md` lists the columns of every table: all that there are, in their order, of their
//! type.

use std::fs;

use arrow::datatypes::{DataType, Field};
use hoso::pipeline::tables::Table;

use super::world::root;

/// What the page calls a type.
fn name_of(kind: &DataType) -> &'static str {
    match kind {
        DataType::Utf8 => "text",
        DataType::Int64 => "integer",
        DataType::Float64 => "number",
        DataType::Boolean => "flag",
        DataType::Date32 => "day",
        DataType::Timestamp(..) => "instant",
        DataType::List(item) if *item.data_type() == DataType::Utf8 => "list of texts",
        DataType::List(_) => "list",
        other => panic!("the page has no word for {other}"),
    }
}

/// The columns that the page lists of a table, each with its type; an empty one where another table
/// tells it.
fn told(page: &str, table: Table) -> Vec<(String, String)> {
    let heading = format!("## `{}`\n", table.name());
    let section = page.split(&heading).nth(1).unwrap_or_else(|| panic!("{heading} is missing"));
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names: Vec<&str> = cells[1].split('`').skip(1).step_by(2).collect();
        let types: Vec<&str> = cells[2].split(", ").collect();
        assert!(types.len() == 1 || types.len() == names.len(), "{row}");
        let kind = |at: usize| types[if types.len() == 1 { 0 } else { at }].to_owned();
        let columns = names.iter().enumerate().map(|(at, name)| ((*name).to_owned(), kind(at)));
        columns.collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_column_of_every_table_is_listed_with_its_type() {
    let page = fs::read_to_string(root().join("docs/tables.md")).unwrap();
    for table in Table::ALL {
        let told = told(&page, table);
        let schema = table.schema();
        // Revisions and trends begin with the columns of indicators, and are told so.
        let is_of =
            |field: &Field, kind: &str| kind.is_empty() || kind == name_of(field.data_type());
        for (name, kind) in &told {
            let field = schema.field_with_name(name).unwrap_or_else(|_| {
                panic!("`{}` has no column `{name}`", table.name());
            });
            assert!(is_of(field, kind), "`{}`.`{name}` is no {kind}", table.name());
        }
        let missing: Vec<&String> = schema
            .fields()
            .iter()
            .map(|field| field.name())
            .filter(|name| !told.iter().any(|(known, _)| known == *name))
            .collect();
        assert_eq!(missing, Vec::<&String>::new(), "of `{}`", table.name());
    }
}
