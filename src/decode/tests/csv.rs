//! Delimited text, seen from outside.

use super::{Trickle, lines, profile};

#[test]
fn records_have_the_lines_that_an_editor_shows() {
    let log = "CỤC MỘT,,\n\nMã hồ sơ,Ngày tiếp nhận,Trạng thái\nHS-1,1/7,a\n\
        HS-2,2/7,\"b\nc\"\nHS-3,3/7,d\n\n\nHS-4,4/7,e\nHS-5,5/7,\"f\n\"\nHS-6,6/7,g";
    let expected = [4, 5, 7, 10, 11, 13];
    for ends in ["\n", "\r\n"] {
        for bom in ["", "\u{feff}"] {
            for last in ["", ends] {
                let log = format!("{bom}{}{last}", log.replace('\n', ends));
                assert_eq!(lines(log.as_bytes(), &profile()), expected, "{log:?}");
                assert_eq!(lines(Trickle(log.as_bytes()), &profile()), expected, "{log:?}");
            }
        }
    }
    // A workbook saved as text: rows end with CRLF, lines of a cell with LF.
    let mixed = log.replace('\n', "\r\n").replace("b\r\nc", "b\nc").replace("f\r\n", "f\n");
    assert_eq!(lines(mixed.as_bytes(), &profile()), expected);
    // Batches and buffers end where they will.
    let row = "HS-1,1/7,a\r\n";
    let long = format!("Mã hồ sơ,Ngày tiếp nhận,Trạng thái\r\n{}", row.repeat(60_000));
    assert!(lines(long.as_bytes(), &profile()).into_iter().eq(2..=60_001));
}
