//! Small tables as text, for the tests of this module.

use std::convert::Infallible;
use std::fs;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{Date32Type, Int64Type};

use crate::pipeline::Pipeline;
use crate::pipeline::definitions::{Definitions, Subject};
use crate::pipeline::tables::Table;

use super::{Measures, count};

/// Makes a batch of dossiers: a line of headings, then a line a row; `-` is null, as is every
/// column that is not named.
pub(super) fn dossiers(table: &str) -> RecordBatch {
    let mut lines = table.lines().map(str::split_whitespace).filter(|l| l.clone().next().is_some());
    let headings: Vec<&str> = lines.next().unwrap().collect();
    let rows: Vec<Vec<&str>> = lines.map(Iterator::collect).collect();
    let schema = Table::Dossiers.schema();
    let known = |name: &&str| schema.column_with_name(name).is_some();
    assert!(headings.iter().all(known), "unknown heading in {headings:?}");
    let column = |name: &str, data_type| -> ArrayRef {
        let Some(at) = headings.iter().position(|heading| *heading == name) else {
            return new_null_array(data_type, rows.len());
        };
        let texts: StringArray =
            rows.iter().map(|row| Some(row[at]).filter(|cell| *cell != "-")).collect();
        let values = cast(&texts, data_type).unwrap();
        assert_eq!(values.null_count(), texts.null_count(), "a bad cell in `{name}`");
        values
    };
    let columns = schema.fields().iter().map(|f| column(f.name(), f.data_type())).collect();
    RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
}

/// Reads a pipeline of one unit, of these measures and services.
pub(super) fn pipeline(measures: &str, services: &str) -> Pipeline {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let settings = "name = 'test'\nsince = 2020-01-01\nutc_offset = '+07:00'\n";
    write("pipeline.toml", &format!("{settings}title = {{ vi = 'Thử', en = 'Test' }}\n"));
    let units = "code,name_vi,name_en,aliases,parent,predecessor,valid_from,valid_to";
    write("units.csv", &format!("{units}\nU1,Một,One,,,,,\n"));
    write("calendar.csv", "day,working,note\n");
    let headings = "code,name_vi,name_en,field_code,field_vi,field_en,unit_code,level,\
        eligible_full,fee_vnd,payable_online_from,result_paper,most_days,audience,npsp_from,\
        valid_from,valid_to";
    write("services.csv", &format!("{headings}\n{services}"));
    write("indicators.toml", measures);
    fs::create_dir(dir.path().join("profiles")).unwrap();
    fs::create_dir(dir.path().join("feeds")).unwrap();
    Pipeline::load(dir.path()).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(super) fn definitions(measures: &str) -> Definitions {
    let service = "1.1,Một,One,F1,Một,One,U1,full,true,0,,false,,both,,2020-01-01,\n";
    pipeline(measures, service).definitions
}

/// Counts batches and prints each row: unit, procedure, month, measure, value.
pub(super) fn counted(definitions: &Definitions, of: Subject, batches: &[RecordBatch]) -> String {
    let batches = batches.iter().cloned().map(Ok::<_, Infallible>);
    printed(&count(&definitions.measures, of, batches).unwrap())
}

fn printed(measures: &Measures) -> String {
    let batch = measures.batch();
    assert_eq!(batch.schema(), Table::Measures.schema());
    assert_eq!(batch["bin"].null_count(), batch.num_rows());
    let text = |name: &str, row: usize| {
        let texts = batch[name].as_string::<i32>();
        texts.iter().nth(row).unwrap().unwrap_or("-").to_owned()
    };
    let mut lines = String::new();
    for row in 0..batch.num_rows() {
        let month = batch["month"].as_primitive::<Date32Type>().value_as_date(row).unwrap();
        let value = batch["value"].as_primitive::<Int64Type>().value(row);
        let [unit, procedure, measure] =
            ["unit_code", "procedure_code", "measure"].map(|name| text(name, row));
        lines.push_str(&format!("{unit} {procedure} {month} {measure} {value}\n"));
    }
    lines
}
