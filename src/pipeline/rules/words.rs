//! Words within messages that are kept in English and shown in the reader's language.

/// Parameters that hold such words.
const KEYS: &[&str] = &["cause", "of", "status", "value", "why"];

/// What is shown in the place of words that a library chose.
const OF_A_LIBRARY: &str = "nội dung sai quy cách của định dạng";

/// Words as they are kept, and as they are shown in Vietnamese.
const WORDS: &[(&str, &str)] = &[
    // Why a sheet is not read.
    ("hidden", "trang ẩn"),
    ("no headings", "không có tiêu đề"),
    // What the total of a form is held against.
    ("its rows", "các dòng"),
    ("its parts", "các thành phần"),
    ("true", "có"),
    ("false", "không"),
    // Statuses.
    ("new", "mới đăng ký"),
    ("processing", "đang xử lý"),
    ("supplement", "chờ bổ sung"),
    ("paused", "tạm dừng"),
    ("refused", "từ chối"),
    ("withdrawn", "đã rút"),
    ("completed", "đã xong"),
    // Why a file cannot be read to its end.
    ("it is not written as its format says", "nội dung không đúng định dạng"),
    ("its bytes end too early", "dữ liệu kết thúc quá sớm"),
    ("its bytes are damaged", "dữ liệu bị hỏng"),
    ("its bytes cannot be read", "không đọc được dữ liệu"),
    ("the columns are not what the footer says", "các cột không khớp với phần cuối tệp"),
    ("no footer", "thiếu phần cuối tệp"),
    ("the schema nests too deep", "lược đồ lồng quá sâu"),
    ("a compression that is not read", "kiểu nén không được hỗ trợ"),
    ("a column that is nowhere", "một cột nằm ngoài tệp"),
    ("a row has a number that no row can have", "một dòng có số thứ tự không hợp lệ"),
    ("the cells of a sheet are out of order", "các ô của trang tính sai thứ tự"),
    ("the last record is cut off", "bản ghi cuối bị cắt"),
    ("a record is too short", "một bản ghi quá ngắn"),
    ("a record is too short for its cell", "một bản ghi quá ngắn so với ô của nó"),
    ("more sheets than a workbook has", "quá nhiều trang tính"),
    ("more parts than a workbook has", "quá nhiều thành phần trong tệp"),
    ("parts of the archive lie over each other", "các thành phần của tệp nén chồng lên nhau"),
    (
        "the shared strings claim to be more than they are",
        "bảng chuỗi dùng chung khai nhiều hơn thực tế",
    ),
    ("a part holds what no spreadsheet writes", "một thành phần có nội dung lạ với bảng tính"),
    ("sheets lie over each other", "các trang tính chồng lên nhau"),
    ("a cell refers to a text that is not there", "một ô trỏ tới chuỗi không tồn tại"),
    ("two sheets have one name", "hai trang tính trùng tên"),
    ("broken XML", "XML bị hỏng"),
    ("an element without an end", "phần tử thiếu thẻ đóng"),
    ("a part of the workbook is missing", "tệp thiếu một thành phần"),
    ("an error of an unknown kind in a cell", "một ô có lỗi không rõ loại"),
    ("the parts of the workbook do not fit together", "các thành phần của tệp không khớp nhau"),
    ("the reader of workbooks stumbled", "bộ đọc bảng tính gặp lỗi"),
    // Why the syntax of a text is broken.
    ("a record is no object", "bản ghi không phải là đối tượng"),
    ("the text is not UTF-8", "văn bản không phải UTF-8"),
    ("a value is not as expected", "một giá trị không đúng kiểu"),
    ("a second root element", "có hai phần tử gốc"),
    ("the text ends inside an element", "văn bản kết thúc giữa một phần tử"),
    ("text outside the root element", "có nội dung ngoài phần tử gốc"),
    ("a broken reference", "tham chiếu bị hỏng"),
    ("an end tag without its start", "thẻ đóng không có thẻ mở"),
    ("a broken declaration", "khai báo bị hỏng"),
    ("a broken attribute", "thuộc tính bị hỏng"),
    ("a broken namespace", "không gian tên bị hỏng"),
];

/// Returns how the value of a parameter is shown in Vietnamese.
pub(super) fn in_vietnamese<'a>(name: &str, value: &'a str) -> &'a str {
    if !KEYS.contains(&name) {
        return value;
    }
    let found = WORDS.iter().find(|(word, _)| *word == value);
    match found {
        Some((_, vietnamese)) => vietnamese,
        None if name == "cause" => OF_A_LIBRARY,
        None => value,
    }
}
