//! Tables and files of an older version: what they lack is added, or read as null.

use arrow::array::{ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use super::*;

/// What the older version did not have yet, beside other columns of the same kind.
const ADDED: [&str; 3] = ["enterprise_code", "marks", "supplied"];

/// The fields of an older version: without some columns, in the table and within its columns.
fn older_fields(fields: &Fields) -> Fields {
    let kept = fields.iter().filter(|field| !ADDED.contains(&field.name().as_str()));
    let older = kept.map(|field| {
        let data_type = older_type(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(data_type))
    });
    older.collect()
}

fn older_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Struct(fields) => DataType::Struct(older_fields(fields)),
        DataType::List(item) => {
            let item_type = older_type(item.data_type());
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(item_type)))
        }
        other => other.clone(),
    }
}

fn older() -> SchemaRef {
    Arc::new(Schema::new(older_fields(Table::Dossiers.schema().fields())))
}

/// Columns of a type: text and numbers from the rows, a history of one observation for each row
/// but the first, whose history is null; the others are null.
fn filled(data_type: &DataType, rows: &[i64]) -> ArrayRef {
    match data_type {
        DataType::Utf8 => Arc::new(StringArray::from_iter_values(rows.iter().map(i64::to_string))),
        DataType::Int64 => Arc::new(Int64Array::from(rows.to_vec())),
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|field| filled(field.data_type(), rows)).collect();
            Arc::new(StructArray::new(fields.clone(), columns, None))
        }
        DataType::List(item) => {
            let values = filled(item.data_type(), &rows[1..]);
            let lengths = (0..rows.len()).map(|row| usize::from(row > 0));
            let nulls = (0..rows.len()).map(|row| row > 0).collect::<Vec<_>>().into();
            let offsets = OffsetBuffer::from_lengths(lengths);
            Arc::new(ListArray::new(Arc::clone(item), offsets, values, Some(nulls)))
        }
        other => new_null_array(other, rows.len()),
    }
}

fn rows_with(schema: &SchemaRef, rows: &[i64]) -> RecordBatch {
    let columns = schema.fields().iter().map(|field| filled(field.data_type(), rows)).collect();
    RecordBatch::try_new(Arc::clone(schema), columns).unwrap()
}

/// Puts a file as a version with another schema writes it.
fn put_file(store: &Store, cell: Option<&Cell>, table: Table, batch: &RecordBatch) -> DataFile {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let folder = cell.map(|cell| format!("cell_month={}/bucket={}/", cell.month, cell.bucket));
    let file = DataFile {
        path: format!("{}older.parquet", folder.unwrap_or_default()),
        cell: cell.cloned(),
        size_bytes: bytes.len() as u64,
        n_rows: batch.num_rows() as u64,
    };
    store.root.put(&format!("{}/{}", table.name(), file.path), bytes).unwrap();
    file
}

/// A store of the older version, with a cell of rows 1, 2 and 3.
fn older_store() -> (Home, Store, DataFile) {
    let (folder, store) = store();
    store.create_table(Table::Dossiers, &older()).unwrap();
    let cell = cell("2026-01");
    let batch = rows_with(&older(), &[1, 2, 3]);
    let file = put_file(&store, Some(&cell), Table::Dossiers, &batch);
    let base = store.snapshot(Table::Dossiers).unwrap();
    let change = CellChange { cell, old: None, new: Some(file.clone()) };
    store.commit_cells(Table::Dossiers, base, vec![change], &mut no_refold).unwrap();
    (folder, store, file)
}

fn logged(store: &Store, table: Table, version: i64) -> String {
    let name = format!("{}/_delta_log/{version:020}.json", table.name());
    String::from_utf8(store.root.read(&name).unwrap()).unwrap()
}

fn read_all(store: &Store, table: Table, file: &DataFile) -> RecordBatch {
    let batches: Result<Vec<_>, _> = store.read(table, file, None).unwrap().collect();
    arrow::compute::concat_batches(&table.schema(), &batches.unwrap()).unwrap()
}

/// The text of a column, or of a column within a struct.
fn texts(column: &ArrayRef) -> Vec<Option<&str>> {
    column.as_string::<i32>().iter().collect()
}

#[test]
pub(super) fn an_older_table_gains_what_it_lacks_and_nothing_else() {
    let (_home, store, file) = older_store();
    let before = store.snapshot(Table::Dossiers).unwrap();
    store.create_tables().unwrap();
    let after = store.snapshot(Table::Dossiers).unwrap();
    assert_eq!((before.version, after.version), (1, 2));
    assert_eq!(after.files, [file]);
    assert_eq!(after.state.protocol(), before.state.protocol());
    let (old, new) = (before.state.metadata(), after.state.metadata());
    assert_eq!(new.id(), old.id());
    assert_eq!(new.configuration(), old.configuration());
    assert_eq!(new.partition_columns(), old.partition_columns());
    assert_eq!(new.created_time(), old.created_time());

    // As if it had been created now, to the order of its columns.
    let (_other_home, other) = store_with_tables();
    let created = other.snapshot(Table::Dossiers).unwrap();
    assert_eq!(after.state.arrow_schema(), created.state.arrow_schema());
    assert_ne!(before.state.schema(), after.state.schema());
    let log = logged(&store, Table::Dossiers, 2);
    assert!(log.contains(r#""operation":"ADD COLUMN""#) && !log.contains(r#""add":"#), "{log}");

    store.create_tables().unwrap();
    assert_eq!(store.snapshot(Table::Dossiers).unwrap().version, 2);
}

#[test]
pub(super) fn rows_of_an_older_file_have_nulls_for_what_it_lacks() {
    let (_home, store, file) = older_store();
    store.create_tables().unwrap();
    let read = read_all(&store, Table::Dossiers, &file);
    assert_eq!(read.schema(), Table::Dossiers.schema());
    assert_eq!(texts(&read["dossier_key"]), [Some("1"), Some("2"), Some("3")]);
    assert_eq!(read["enterprise_code"].null_count(), 3);
    assert_eq!(read["marks"].null_count(), 3);

    let history = read["history"].as_list::<i32>();
    assert!(history.is_null(0) && history.is_valid(1));
    let observations = history.values().as_struct();
    assert_eq!(texts(&observations["delivery"]), [Some("2"), Some("3")]);
    assert_eq!(observations["supplied"].null_count(), 2);
    assert_eq!(observations["marks"].null_count(), 2);
    let values = observations["values"].as_struct();
    assert_eq!(texts(&values["dossier_number"]), [Some("2"), Some("3")]);
    assert_eq!(values["enterprise_code"].null_count(), 2);

    let columns = ["history", "enterprise_code", "dossier_key"];
    let mut read = store.read(Table::Dossiers, &file, Some(&columns)).unwrap();
    let read = read.next().unwrap().unwrap();
    let schema = Table::Dossiers.schema();
    let projected = columns.map(|column| schema.index_of(column).unwrap());
    assert_eq!(*read.schema(), schema.project(&projected).unwrap());
    assert_eq!(read.column(0).as_list::<i32>().values().len(), 2);
    assert_eq!(read.column(1).null_count(), 3);
    assert_eq!(texts(read.column(2)), [Some("1"), Some("2"), Some("3")]);
}

#[test]
pub(super) fn a_cell_of_an_older_file_is_written_anew() {
    let (_home, store, file) = older_store();
    let base = store.snapshot(Table::Dossiers).unwrap();
    store.create_tables().unwrap();
    let cell = cell("2026-01");
    let new = rows_with(&Table::Dossiers.schema(), &[4, 5]);
    let old = store.read(Table::Dossiers, &file, None).unwrap();
    let batches = old.chain([Ok(new)]);
    let name = FileName::Prefixed("f-");
    let written = store.write(Table::Dossiers, Some(&cell), name, batches).unwrap();
    let change = CellChange { cell, old: Some(file), new: Some(written.clone()) };
    // Folded before the table was widened: the commit goes behind it.
    let version = store.commit_cells(Table::Dossiers, base, vec![change], &mut no_refold).unwrap();
    assert_eq!(version, 3);
    assert_eq!(store.snapshot(Table::Dossiers).unwrap().files, std::slice::from_ref(&written));
    let read = read_all(&store, Table::Dossiers, &written);
    let [enterprise, key] = ["enterprise_code", "dossier_key"].map(|column| texts(&read[column]));
    assert_eq!(enterprise, [None, None, None, Some("4"), Some("5")]);
    assert_eq!(key, ["1", "2", "3", "4", "5"].map(Some));
    let values = read["history"].as_list::<i32>().values().as_struct()["values"].as_struct();
    assert_eq!(texts(&values["enterprise_code"]), [None, None, Some("5")]);
}

#[test]
pub(super) fn many_widen_a_table_at_once() {
    let (home, store, file) = older_store();
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let store = home.open();
                barrier.wait();
                store.create_tables().unwrap();
            });
        }
    });
    let snapshot = store.snapshot(Table::Dossiers).unwrap();
    assert_eq!((snapshot.version, snapshot.files), (2, vec![file]));
}

#[test]
pub(super) fn a_table_of_a_newer_version_is_refused() {
    let newer = |table: Table, change: &dyn Fn(&mut Vec<FieldRef>)| {
        let (_home, store) = store();
        let mut fields = table.schema().fields().to_vec();
        change(&mut fields);
        store.create_table(table, &Schema::new(fields)).unwrap();
        let refused = store.create_tables().unwrap_err();
        assert_eq!(store.snapshot(table).unwrap().version, 0);
        let StoreError::Newer { table: named, source } = &refused else { panic!("{refused:?}") };
        assert_eq!(*named, table.name());
        format!("{refused}: {source}")
    };
    let unknown = newer(Table::Quarantine, &|fields| {
        fields.push(Arc::new(Field::new("colour", DataType::Int64, true)));
    });
    assert_eq!(
        unknown,
        "failed to use `quarantine`: a newer hoso wrote this store, run that one: \
         unknown column `colour` of type long"
    );
    let of_another_type = newer(Table::Measures, &|fields| {
        fields[0] = Arc::new(Field::new("unit_code", DataType::Int64, true));
    });
    assert!(
        of_another_type.ends_with("column `unit_code` of type long instead of string"),
        "{of_another_type}"
    );
    let within = newer(Table::Dossiers, &|fields| {
        let extra = Arc::new(Field::new("extra", DataType::Utf8, true));
        let item = DataType::Struct(vec![extra].into());
        let item = Arc::new(Field::new("item", item, true));
        *fields.last_mut().unwrap() = Arc::new(Field::new("history", DataType::List(item), true));
    });
    assert!(within.ends_with("unknown column `history.extra` of type string"), "{within}");
}

#[test]
pub(super) fn a_file_is_whole_where_it_has_every_column_of_its_table() {
    let (_home, store, older) = older_store();
    assert_eq!(store.whole(Table::Dossiers, &older).unwrap(), None);
    let batch = rows_with(&Table::Deliveries.schema(), &[1, 2]);
    let file = put_file(&store, None, Table::Deliveries, &batch);
    let lying = store.root.read(&format!("deliveries/{}", file.path)).unwrap();
    assert_eq!(store.whole(Table::Deliveries, &file).unwrap(), Some(lying.into()));
}

#[test]
pub(super) fn a_file_with_other_columns_is_corrupt() {
    let (_home, store) = store_with_tables();
    let refused = |name: &str, data_type: DataType, columns: Option<&[&str]>| {
        let schema = Arc::new(Schema::new(vec![Field::new(name, data_type, true)]));
        let batch = rows_with(&schema, &[1]);
        let file = put_file(&store, None, Table::Quarantine, &batch);
        match store.read(Table::Quarantine, &file, columns).map(drop).unwrap_err() {
            StoreError::Corrupt { path, source } => format!("{path}: {source}"),
            other => panic!("{other:?}"),
        }
    };
    let text = "quarantine/older.parquet: unknown column `colour` of type long";
    assert_eq!(refused("colour", DataType::Int64, None), text);
    assert_eq!(refused("colour", DataType::Int64, Some(&["rule"])), text);
    let text = "quarantine/older.parquet: column `record` of type string instead of long";
    assert_eq!(refused("record", DataType::Utf8, None), text);
}
