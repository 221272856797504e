//! The service catalogue as rows to count: one a version of a procedure.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use chrono::{Datelike as _, NaiveDate};

use crate::pipeline::columns;
use crate::pipeline::services::{ServiceVersion, Services};

/// Lays out the catalogue under the columns that a measure of services may use.
///
/// A version that is integrated, or payable online, is so from a day of its own validity, so that
/// the stocks of two versions meet without overlapping.
pub fn catalogue(services: &Services) -> RecordBatch {
    let versions: Vec<&ServiceVersion> = services.versions().collect();
    let columns = columns::SERVICE.iter().map(|column| values(column.name, &versions)).collect();
    let schema = Schema::new(columns::fields(columns::SERVICE));
    RecordBatch::try_new(Arc::new(schema), columns).expect("each column has the type of its kind")
}

fn values(column: &str, versions: &[&ServiceVersion]) -> ArrayRef {
    match column {
        "code" => texts(versions, |v| Some(&v.code)),
        "unit_code" => texts(versions, |v| v.unit_code.as_deref()),
        "field_code" => texts(versions, |v| Some(&v.field_code)),
        "service_level" => texts(versions, |v| Some(v.level)),
        "eligible_full" => flags(versions, |v| v.eligible_full),
        "fee_vnd" => Arc::new(Int64Array::from_iter_values(versions.iter().map(|v| v.fee_vnd))),
        "result_paper" => flags(versions, |v| v.result_paper),
        "audience" => texts(versions, |v| Some(&v.audience)),
        "valid_from" => days(versions, |v| Some(v.valid_from)),
        "valid_to" => days(versions, |v| v.valid_to),
        "npsp_integrated_on" => days(versions, |v| v.first_day_since(v.npsp_from)),
        "payable_online_on" => days(versions, |v| v.first_day_since(v.payable_online_from)),
        _ => unreachable!("every column of the catalogue is listed above"),
    }
}

fn texts(versions: &[&ServiceVersion], text: fn(&ServiceVersion) -> Option<&str>) -> ArrayRef {
    Arc::new(versions.iter().map(|version| text(version)).collect::<StringArray>())
}

fn flags(versions: &[&ServiceVersion], flag: fn(&ServiceVersion) -> bool) -> ArrayRef {
    Arc::new(versions.iter().map(|version| Some(flag(version))).collect::<BooleanArray>())
}

fn days(versions: &[&ServiceVersion], day: fn(&ServiceVersion) -> Option<NaiveDate>) -> ArrayRef {
    let epoch = NaiveDate::default().num_days_from_ce();
    let number = |day: NaiveDate| day.num_days_from_ce() - epoch;
    Arc::new(versions.iter().map(|version| day(version).map(number)).collect::<Date32Array>())
}

#[cfg(test)]
mod tests {
    use crate::measures::fixture::counted;
    use crate::measures::fixture::pipeline;
    use crate::pipeline::definitions::Subject;

    use super::*;

    const MEASURES: &str = "
        [measure.partial]
        of = 'services'
        kind = 'stock'
        from = 'valid_from'
        until = 'valid_to'
        where = \"service_level = 'partial'\"
        [measure.full]
        of = 'services'
        kind = 'stock'
        from = 'valid_from'
        until = 'valid_to'
        where = \"service_level = 'full'\"
        [measure.on_npsp]
        of = 'services'
        kind = 'stock'
        from = 'npsp_integrated_on'
        until = 'valid_to'
        [measure.payable]
        of = 'services'
        kind = 'stock'
        from = 'payable_online_on'
        until = 'valid_to'
        where = 'fee_vnd > 0 AND NOT result_paper'
    ";

    const SERVICES: &str = "\
        1.001,a,a,f,f,f,U1,partial,true,100,2020-09-01,false,5,both,2020-03-15,2019-01-01,2020-07-01\n\
        1.001,a,a,f,f,f,U1,full,true,100,2020-09-01,false,5,both,2020-03-15,2020-07-01,\n\
        1.002,b,b,f,f,f,,full,true,0,2020-09-01,false,,citizen,,2020-05-01,\n\
        1.003,c,c,f,f,f,U1,full,false,50,2018-09-01,false,,both,,2020-05-01,\n";

    #[test]
    fn a_new_version_moves_the_stock_of_its_level() {
        let pipeline = pipeline(MEASURES, SERVICES);
        let rows = catalogue(&pipeline.reference.services);
        let lines = counted(&pipeline.definitions, Subject::Services, &[rows]);
        insta::assert_snapshot!(lines, @"
        - 1.002 2020-05-01 full 1
        U1 1.001 2019-01-01 partial 1
        U1 1.001 2020-03-01 on_npsp 1
        U1 1.001 2020-07-01 full 1
        U1 1.001 2020-07-01 partial -1
        U1 1.001 2020-09-01 payable 1
        U1 1.003 2020-05-01 full 1
        U1 1.003 2020-05-01 payable 1
        ");
    }

    #[test]
    fn an_empty_catalogue_has_the_columns_and_no_rows() {
        let rows = catalogue(&Services::default());
        assert_eq!((rows.num_columns(), rows.num_rows()), (columns::SERVICE.len(), 0));
    }
}
