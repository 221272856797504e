//! Conservation: every record read has one fate, and what was accepted lies in `dossiers`.

use super::ledger::{Judgement, Ledger};
use super::stop::Stop;

/// Checks one judgement against what was folded and quarantined for it.
///
/// # Errors
///
/// [`Stop::Conservation`], with the account that does not add up.
pub(super) fn check_folded(
    judgement: &Judgement,
    n_expected: i64,
    n_folded: i64,
    n_quarantined: i64,
) -> Result<(), Stop> {
    stop_at(judgement, breach(judgement, n_expected, n_folded, n_quarantined))
}

/// Checks every judgement of the ledger before anything is published from it.
///
/// # Errors
///
/// [`Stop::Conservation`], with the account that does not add up.
pub(super) fn check_ledger(ledger: &Ledger) -> Result<(), Stop> {
    ledger.judgements().try_for_each(|judgement| stop_at(judgement, breach_of_fates(judgement)))
}

/// Tells what of one judgement does not add up, alone or with what lies in the tables.
pub(super) fn breach(
    judgement: &Judgement,
    n_expected: i64,
    n_folded: i64,
    n_quarantined: i64,
) -> Option<String> {
    let rejected = judgement.fates.rejected;
    if let Some(account) = breach_of_fates(judgement) {
        Some(account)
    } else if n_expected != n_folded {
        Some(format!("{n_expected} accepted, {n_folded} in `dossiers`"))
    } else if rejected != n_quarantined {
        Some(format!("{rejected} rejected, {n_quarantined} in quarantine"))
    } else {
        None
    }
}

fn breach_of_fates(judgement: &Judgement) -> Option<String> {
    let fates = judgement.fates;
    let account = || {
        format!(
            "{} read, but {} accepted + {} duplicate + {} rejected + {} out of scope",
            fates.read, fates.accepted, fates.duplicate, fates.rejected, fates.out_of_scope
        )
    };
    (!fates.are_conserved()).then(account)
}

fn stop_at(judgement: &Judgement, breach: Option<String>) -> Result<(), Stop> {
    let stop = |account| Stop::Conservation { delivery: judgement.delivery(), account };
    breach.map_or(Ok(()), |account| Err(stop(account)))
}
