//! How each unit's system writes: what kind of log, in which encoding, with which words.

use super::dossier::Status;
use super::fault::Fault;

/// In which encoding a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    /// With a byte order mark.
    Utf8Marked,
    /// Low byte first, with a mark: Excel's "Unicode text".
    Utf16,
    /// The encoding of the .Vn fonts.
    Tcvn3,
}

/// The systems of the units in turn: the first five are of each kind.
const CYCLE: [Style; 10] = [
    Style::Plain,
    Style::Marked,
    Style::Actions,
    Style::Old,
    Style::Excel,
    Style::Plain,
    Style::Actions,
    Style::Plain,
    Style::Marked,
    Style::Plain,
];

/// A unit's system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A list of dossiers as they stand.
    Plain,
    /// A list with a byte order mark, semicolons and other forms of days among the usual ones.
    Marked,
    /// A table of actions: a record a step.
    Actions,
    /// A list in an old encoding.
    Old,
    /// A list as Excel saves it: UTF-16 with tabs.
    Excel,
}

impl Style {
    /// Returns the style of a unit's system.
    pub(super) fn of_unit(unit: u32) -> Self {
        CYCLE[unit as usize % CYCLE.len()]
    }

    /// Whether its log keeps every step, not only how a dossier stands.
    pub(super) fn keeps_steps(self) -> bool {
        self == Self::Actions
    }

    pub(super) fn encoding(self) -> Encoding {
        match self {
            Self::Plain | Self::Actions => Encoding::Utf8,
            Self::Marked => Encoding::Utf8Marked,
            Self::Old => Encoding::Tcvn3,
            Self::Excel => Encoding::Utf16,
        }
    }

    pub(super) fn separator(self) -> u8 {
        match self {
            Self::Plain | Self::Actions => b',',
            Self::Marked | Self::Old => b';',
            Self::Excel => b'\t',
        }
    }

    pub(super) fn line_end(self) -> &'static [u8] {
        if matches!(self, Self::Plain | Self::Actions) { b"\n" } else { b"\r\n" }
    }

    /// Returns the faults that a record may have whose dossier stands so.
    pub(super) fn faults(self, status: Status) -> &'static [Fault] {
        match (self, status) {
            (Self::Actions, Status::New) => &ANY[..N_ANY],
            (Self::Actions, status) if status.is_ended() => &ENDED[..N_ENDED],
            (Self::Actions, _) => &OPEN[..N_OPEN],
            (Self::Plain | Self::Marked, Status::New) => &ANY,
            (Self::Plain | Self::Marked, status) if status.is_ended() => &ENDED,
            (Self::Plain | Self::Marked, _) => &OPEN,
            // No byte is astray where each is a letter.
            (_, Status::New) => &ANY[..ANY.len() - 1],
            (_, status) if status.is_ended() => &ENDED[..ENDED.len() - 1],
            _ => &OPEN[..OPEN.len() - 1],
        }
    }
}

const N_ANY: usize = 8;
const N_OPEN: usize = N_ANY + 1;
const N_ENDED: usize = N_ANY + 3;

/// What may be wrong with any record; after the first [`N_ANY`], with those of lists alone, and last
/// what needs an encoding in which some bytes are no letters.
const ANY: [Fault; N_ANY + 3] = {
    use Fault::{
        FieldCount, ImpossibleDay, InvalidText, NoKey, NoStatus, NotANumber, NotAnIdentifier,
        UnknownChannel, UnknownCode, UnknownProcedure, UnknownStatus,
    };
    [
        NoKey,
        NotAnIdentifier,
        ImpossibleDay,
        UnknownStatus,
        NoStatus,
        UnknownChannel,
        UnknownProcedure,
        FieldCount,
        NotANumber,
        UnknownCode,
        InvalidText,
    ]
};

/// Of dossiers that go on: they must have been received.
const OPEN: [Fault; N_OPEN + 3] = with(&[Fault::NoReceivedOn]);

/// Of dossiers that have ended: on a day that can be.
const ENDED: [Fault; N_ENDED + 3] =
    with(&[Fault::NoEndDay, Fault::EndBeforeReceived, Fault::AfterObserved]);

/// Puts faults behind those that any record may have.
const fn with<const N: usize>(more: &[Fault]) -> [Fault; N] {
    let mut all = [Fault::NoKey; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < N_ANY {
            ANY[at]
        } else if at < N_ANY + more.len() {
            more[at - N_ANY]
        } else {
            ANY[at - more.len()]
        };
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_only_faults_that_its_log_can_show() {
        let has = |style: Style, status, fault| style.faults(status).contains(&fault);
        for status in [Status::New, Status::Processing, Status::Completed] {
            for style in CYCLE {
                assert!(has(style, status, Fault::NoKey) && has(style, status, Fault::FieldCount));
                assert_eq!(has(style, status, Fault::NoEndDay), status.is_ended());
                let is_open = status == Status::Processing;
                assert_eq!(has(style, status, Fault::NoReceivedOn), is_open);
                let is_list = style != Style::Actions;
                assert_eq!(has(style, status, Fault::NotANumber), is_list);
                let is_utf8 = matches!(style, Style::Plain | Style::Marked);
                assert_eq!(has(style, status, Fault::InvalidText), is_utf8);
            }
        }
    }
}
