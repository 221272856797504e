//! Rules by which contracts are told: what is wrong stands in the contract's own words.

use super::{Rule, Severity, rule};

/// What becomes of what breaks a contract.
pub(super) const RULES: &[Rule] = &[
    rule(
        "contract",
        Severity::Reject,
        "{en} (contract `{contract}`)",
        "{vi} (cam kết `{contract}`)",
    ),
    rule(
        "contract_refused",
        Severity::Refuse,
        "record {record}, line {line}: {en} (contract `{contract}`)",
        "bản ghi {record}, dòng {line}: {vi} (cam kết `{contract}`)",
    ),
    rule(
        "contract_records",
        Severity::Refuse,
        "{en}: {records} records, not {min} to {max} (contract `{contract}`)",
        "{vi}: {records} bản ghi, ngoài khoảng {min} đến {max} (cam kết `{contract}`)",
    ),
    rule(
        "contract_not_run",
        Severity::Refuse,
        "contract `{contract}` cannot be checked: the log has no `{column}`",
        "không kiểm tra được cam kết `{contract}`: tệp không có cột `{column}`",
    ),
];
