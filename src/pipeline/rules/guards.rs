//! Guards over history: what is odd only beside what a unit, or the ministry, has sent before.

use super::{Rule, Severity, rule};

/// What is judged at the release.
pub(super) const RULES: &[Rule] = &[
    rule(
        "volume_fell",
        Severity::Guard,
        "{records} records, where {usual} are usual",
        "{records} bản ghi, trong khi thường có {usual}",
    ),
    rule(
        "turned_empty",
        Severity::Guard,
        "an empty report, where {usual} records are usual",
        "báo cáo trống, trong khi thường có {usual} bản ghi",
    ),
    rule(
        "rejects_rose",
        Severity::Guard,
        "{rejected} of {records} records are rejected ({share} %), more than {band} %",
        "{rejected} trên {records} bản ghi bị loại ({share} %), quá {band} %",
    ),
    rule(
        "reports_withdrawn",
        Severity::Guard,
        "{lost} of {received} reports that the last release had received are refused now",
        "{lost} trên {received} báo cáo mà lần công bố trước đã nhận nay bị từ chối",
    ),
    rule(
        "as_of_went_back",
        Severity::Guard,
        "as of {as_of}, where the last release was made as of {before}: figures of the days between would be published no more",
        "tính đến {as_of}, trong khi lần công bố trước tính đến {before}: số liệu của những ngày ở giữa sẽ không còn được công bố",
    ),
    rule(
        "final_changed",
        Severity::Guard,
        "{rows} final values would change, the first: {first}",
        "{rows} số liệu đã chốt sẽ thay đổi, đầu tiên: {first}",
    ),
];
