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
    check(judgement)?;
    if n_expected != n_folded {
        let account = format!("{n_expected} accepted, {n_folded} in `dossiers`");
        return Err(broken(judgement, account));
    }
    if judgement.fates.rejected != n_quarantined {
        let rejected = judgement.fates.rejected;
        return Err(broken(
            judgement,
            format!("{rejected} rejected, {n_quarantined} in quarantine"),
        ));
    }
    Ok(())
}

/// Checks every judgement of the ledger before anything is published from it.
///
/// # Errors
///
/// [`Stop::Conservation`], with the account that does not add up.
pub(super) fn check_ledger(ledger: &Ledger) -> Result<(), Stop> {
    ledger.judgements().try_for_each(check)
}

fn check(judgement: &Judgement) -> Result<(), Stop> {
    let fates = judgement.fates;
    if fates.are_conserved() {
        return Ok(());
    }
    let account = format!(
        "{} read, but {} accepted + {} duplicate + {} rejected + {} out of scope",
        fates.read, fates.accepted, fates.duplicate, fates.rejected, fates.out_of_scope
    );
    Err(broken(judgement, account))
}

fn broken(judgement: &Judgement, account: String) -> Stop {
    Stop::Conservation { delivery: judgement.delivery(), account }
}
