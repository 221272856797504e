//! The faults that are planted: each has the rule that finds it.

use super::chance::Chance;

/// What is wrong with a record; there is but one fault in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    NoKey,
    NotAnIdentifier,
    NoItemKey,
    ImpossibleDay,
    NotANumber,
    UnknownStatus,
    NoStatus,
    UnknownChannel,
    UnknownProcedure,
    UnknownCode,
    NoReceivedOn,
    NoEndDay,
    EndBeforeReceived,
    AfterObserved,
    FieldCount,
    InvalidText,
}

/// One record in so many has a fault.
const ONE_IN: u32 = 110;

impl Fault {
    /// Returns the rule that rejects such a record.
    pub(super) fn rule(self) -> &'static str {
        match self {
            Self::NoKey => "no_key",
            Self::NotAnIdentifier => "not_an_identifier",
            Self::NoItemKey => "no_item_key",
            Self::ImpossibleDay => "impossible_day",
            Self::NotANumber => "not_a_number",
            Self::UnknownStatus => "unknown_status",
            Self::NoStatus => "no_status",
            Self::UnknownChannel => "unknown_channel",
            Self::UnknownProcedure => "unknown_procedure",
            Self::UnknownCode => "unknown_code",
            Self::NoReceivedOn => "no_received_on",
            Self::NoEndDay => "no_end_day",
            Self::EndBeforeReceived => "end_before_received",
            Self::AfterObserved => "after_observed",
            Self::FieldCount => "field_count",
            Self::InvalidText => "invalid_text",
        }
    }

    /// Draws what is wrong with a record, of what can be; mostly nothing is.
    pub(super) fn draw(chance: &mut Chance, possible: &[Self]) -> Option<Self> {
        chance.one_in(ONE_IN).then(|| chance.of(possible))
    }
}
