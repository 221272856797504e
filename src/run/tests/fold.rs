//! Folding holds what it folds against what was judged.

use std::fs;

use crate::run::fold::Folding;
use crate::run::judge::judge;
use crate::run::land::land;
use crate::run::ledger::Ledger;
use crate::run::spill::Spill;
use crate::run::stop::Stop;
use crate::store::Store;
use crate::store::cloud::Access;

use super::{at, options, small, watch};

#[test]
fn a_fold_that_comes_to_other_counts_than_were_judged_is_not_committed() {
    let (folder, pipeline) = small();
    let log = "Mã hồ sơ,Mã TTHC,Ngày tiếp nhận,Trạng thái\n\
               G99.01-200110-0001,1.000001,10/01/2020,Đang xử lý\n\
               G99.01-200111-0002,1.000001,11/01/2020,?\n";
    fs::write(folder.path().join("in/u1/2020-01.csv"), log).unwrap();
    let url = folder.path().join("store").to_str().unwrap().to_owned();
    let store = Store::open(&url, &Access::default()).unwrap();
    store.create_tables().unwrap();
    land(&pipeline, &store, &options(&pipeline, at("2020-04-01T00:00:00Z")), &watch()).unwrap();
    let delivery = store.landed().unwrap().remove(0);
    let commit = |n_accepted: i64, n_rejected: i64| {
        let spill = Spill::new().unwrap();
        let mut judged = judge(&delivery, 1, &pipeline, &store, &spill).unwrap();
        let fates = &mut judged.judgement.fates;
        (fates.read, fates.accepted, fates.rejected) =
            (n_accepted + n_rejected, n_accepted, n_rejected);
        let mut ledger = Ledger::default();
        ledger.add(judged.judgement.clone());
        let judged = [judged];
        let folding = Folding::new(&judged, &ledger, &[], &spill, &pipeline, &store);
        let committed = folding.commit(None).map(|committed| committed.n_rewritten);
        committed.map_err(|error| error.downcast::<Stop>().unwrap().to_string())
    };
    let of = "conservation does not hold for delivery `G99.01/dossier/00000001`";
    assert_eq!(
        commit(2, 1).unwrap_err(),
        format!("{of}: 2 accepted, 1 in `dossiers`; nothing is published")
    );
    assert_eq!(
        commit(1, 2).unwrap_err(),
        format!("{of}: 2 rejected, 1 in quarantine; nothing is published")
    );
    assert_eq!(commit(1, 1), Ok(1));
}
