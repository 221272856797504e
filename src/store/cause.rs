//! Why storage failed, told without what lies there: objects of a source may be named after
//! persons, and a server's answer may quote them.

use std::error::Error as _;
use std::io;

use object_store::Error;

use super::Cause;

/// Returns the reason as it may be shown.
pub(super) fn cause(error: &Error) -> Cause {
    let mut below: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(error) = below {
        let of_system = error.downcast_ref::<io::Error>();
        if let Some(code) = of_system.and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code).into();
        }
        below = error.source();
    }
    match error {
        Error::InvalidPath { .. } => {
            "the name of an object is not UTF-8, or holds control characters: rename it".into()
        }
        Error::Generic { store: "LocalFileSystem", .. } => {
            "a folder leads in a circle, or a file is not as it was listed".into()
        }
        error => without_answer(&error.to_string()).into(),
    }
}

/// Cuts off what a server answered, but for the status and the code of an answer in XML.
fn without_answer(text: &str) -> String {
    let found = ["non-2xx status code: ", "error response: "]
        .iter()
        .find_map(|mark| Some(text.split_at(text.find(mark)? + mark.len())));
    let Some((said, answer)) = found else { return text.to_owned() };
    let is_status = |status: &str| status.starts_with(|c: char| c.is_ascii_digit());
    let status = answer.split_once(": ").map(|(status, _)| status).filter(|s| is_status(s));
    let code =
        answer.split_once("<Code>").and_then(|(_, rest)| Some(rest.split_once("</Code>")?.0));
    let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let told: Vec<&str> = status.into_iter().chain(code).collect();
    format!("{said}{}", told.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_objects_are_not_told() {
        let denied = io::Error::from_raw_os_error(13);
        let local = |source: io::Error| Error::Generic {
            store: "LocalFileSystem",
            source: Box::new(io::Error::other(format!("/in/Nguyễn Văn A: {source}"))),
        };
        assert!(!cause(&local(denied)).to_string().contains("Nguyễn"));
        let source = Box::new(io::Error::from_raw_os_error(13));
        let denied = Error::Generic { store: "LocalFileSystem", source };
        assert_eq!(cause(&denied).to_string(), "Permission denied (os error 13)");
        let path = object_store::path::Path::parse("Nguyễn\nVăn A").unwrap_err();
        assert!(!cause(&path.into()).to_string().contains("Nguyễn"));
    }

    #[test]
    fn of_an_answer_only_its_status_and_its_code_are_told() {
        let told = |answer: &str| without_answer(&format!("Server returned {answer}"));
        assert_eq!(
            told("non-2xx status code: 403 Forbidden: <Error><Code>AccessDenied</Code>Mai</Error>"),
            "Server returned non-2xx status code: 403 Forbidden AccessDenied"
        );
        assert_eq!(
            told("non-2xx status code: 500 Internal Server Error: Mai: a fault"),
            "Server returned non-2xx status code: 500 Internal Server Error"
        );
        assert_eq!(told("error response: Mai: a fault"), "Server returned error response: ");
        assert_eq!(told("nothing"), "Server returned nothing");
    }
}
