//! What is told in Vietnamese is told in Vietnamese to its last word.

use hoso::pipeline::rules::{Language, message, params_of};

use super::world::{World, root};

fn vietnamese(rule: &str, params: [(&str, &str); 1]) -> String {
    message(
        rule,
        &params_of(params.map(|(key, value)| (key, value.to_owned()))),
        Language::Vietnamese,
    )
}

/// The texts that the decoders give as causes, as they stand in their sources.
fn causes() -> Vec<String> {
    let mut folders = vec![root().join("src/decode")];
    let mut causes = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend(Some(path).filter(|path| !path.ends_with("tests")));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in ["damaged(\"", "broken(\"", "skip(at, \""] {
                let after = text.split(call).skip(1);
                causes.extend(after.map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    causes
}

#[test]
fn every_cause_has_a_vietnamese_word() {
    let causes = causes();
    assert!(causes.len() > 30, "{causes:?}");
    for cause in causes {
        let told = vietnamese("damaged", [("cause", &cause)]);
        assert!(!told.contains(&*cause), "{told}");
        assert!(!told.contains("sai quy cách"), "{cause}: {told}");
    }
    // What a library says is not translated word by word.
    assert_eq!(
        vietnamese("broken_syntax", [("cause", "missing comma")]),
        "cú pháp {format} bị lỗi sau bản ghi {record}, dòng {line}: nội dung sai quy cách của định dạng"
    );
    let english = params_of([("cause", "missing comma".to_owned())]);
    assert!(message("broken_syntax", &english, Language::English).ends_with("missing comma"));
}

#[test]
fn reasons_parts_statuses_and_flags_have_vietnamese_words() {
    for (rule, params, told) in [
        ("sheet_not_read", ("why", "hidden"), "trang ẩn"),
        ("sheet_not_read", ("why", "no headings"), "không có tiêu đề"),
        ("control_does_not_add_up", ("of", "its rows"), "các dòng"),
        ("control_does_not_add_up", ("of", "its parts"), "các thành phần"),
        ("no_end_day", ("status", "completed"), "đã xong"),
        ("no_end_day", ("status", "withdrawn"), "đã rút"),
        ("flag_constant", ("value", "true"), "có"),
    ] {
        let said = vietnamese(rule, [params]);
        assert!(said.contains(told) && !said.contains(params.1), "{said}");
    }
}

#[test]
fn a_status_that_is_not_there_is_missing_not_unknown() {
    let world = World::small();
    world.log("u1/2020-01.csv", "G99.01-200110-0001|1.000001|10/01/2020||||Trực tiếp|");
    world.run(0);
    let list = |args: &[&str]| world.hoso(&[args, &["quarantine", "list"]].concat()).stdout;
    assert!(list(&[]).contains("no_status            no status\n"), "{}", list(&[]));
    assert!(list(&["--lang", "vi"]).contains("thiếu trạng thái"), "{}", list(&["--lang", "vi"]));
}
