//! `[[withdrawn]]` of a feed: deliveries that were sent by mistake and stand no more.

use super::fault::Faults;
use super::rules::Refusal;
use super::section::Section;
use super::text::trim;

/// The rule by which a delivery that is withdrawn is refused.
pub const RULE: &str = "withdrawn";

/// How many hexadecimal digits a SHA-256 has.
const SHA256_DIGITS: usize = 64;

/// A delivery that stands no more, told by what it is, not by its number: in another store, or sent
/// once more, it is withdrawn as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The name that the source gave.
    pub name: String,
    /// The hash of its bytes, in small hexadecimal digits.
    pub sha256: String,
    pub reason: String,
}

impl Withdrawal {
    /// Reads every `[[withdrawn]]` of a feed.
    pub(super) fn read_all(feed: &Section<'_>, faults: &mut Faults) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for section in feed.sections("withdrawn", faults) {
            let read = Self::read(&section, faults);
            section.finish(faults);
            let Some(read) = read else { continue };
            if all.iter().any(|other| other.is_of(&read.name, &read.sha256)) {
                let message = format!("`{}` with these bytes is withdrawn twice", read.name);
                faults.add(section.file, section.span.clone(), message);
            }
            all.push(read);
        }
        all
    }

    fn read(section: &Section<'_>, faults: &mut Faults) -> Option<Self> {
        let name = section.required_text("name", faults);
        let sha256 = section.required_text("sha256", faults);
        let reason = section.required_text("reason", faults);
        let sha256 = sha256.map(|text| (text.value.to_ascii_lowercase(), text.span));
        let is_hash = |text: &str| {
            text.len() == SHA256_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        if let Some((_, span)) = sha256.as_ref().filter(|(text, _)| !is_hash(text)) {
            let message = format!("`sha256` must have {SHA256_DIGITS} hexadecimal digits");
            let fault = faults.add(section.file, span.clone(), message);
            fault.hint("`sha256sum` tells it of the file, `deliveries` of what has landed");
        }
        if let Some(reason) = reason.as_ref().filter(|reason| trim(&reason.value).is_empty()) {
            let fault = faults.add(section.file, reason.span.clone(), "`reason` is empty");
            fault.hint("what an auditor reads; no person's name");
        }
        Some(Self { name: name?.value, sha256: sha256?.0, reason: reason?.value })
    }

    /// Whether it withdraws what bears this name and has bytes of this hash.
    pub fn is_of(&self, name: &str, sha256: &str) -> bool {
        self.name == name && self.sha256 == sha256
    }

    /// Returns why the delivery is refused.
    pub fn refusal(&self) -> Refusal {
        Refusal::new(RULE, [("reason", self.reason.clone())])
    }
}
