//! The ministry's pipeline on its sample data: the figures of the conference of November 2020.

use insta::assert_snapshot;

use super::world::{World, root};

#[test]
fn the_conference_figures_come_out_exactly() {
    let world = World::small();
    let pipeline = root().join("pipelines/ministry");
    let ran = world.bare(&["--pipeline", pipeline.to_str().unwrap(), "--store", "wh", "run"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert_snapshot!(ran.stdout, @"
    ministry, year to date 2020-01-01 to 2020-10-31; 12 of 12 units reported
    services_online_rate          66.32 %  63 / 95                              Procedures offered online (partial or full)
    services_partial                   11                                       Partial online services (level 3)
    services_full                      52                                       Full-process online services (level 4)
    npsp_integration_rate         33.68 %  32 / 95            target 30 % met   Procedures integrated into the National Public Service Portal
    online_resolution_rate        50.61 %  4,432 / 8,758      target 20 % met   Dossiers resolved online
    resolved_online_partial         3,891                                       Dossiers resolved online in partial services (level 3)
    resolved_online_full              541                                       Dossiers resolved online in full-process services (level 4)
    on_time_rate                  91.56 %  7,961 / 8,695                        Dossiers resolved on time
    ");
    assert_snapshot!(ran.stderr, @"
    note: G16 payment: of 75 times of day none is after noon: the afternoon may have been written as the morning
    note: G16 portal: `digitised` is true in all 94 records: it tells nothing
    note: G16.02 dossier: sheet 2 was not read: hidden (10 deliveries)
    note: G16.03 dossier: the text was found to be utf-8-as-cp1252, which the profile does not declare
    note: G16.09 dossier: the text was found to be utf-16le, which the profile does not declare (10 deliveries)
    note: G16.10 dossier: the text was found to be vni, which the profile does not declare (4 deliveries)
    note: G16.11 dossier: sheet 2 was not read: no headings (10 deliveries)
    note: G16.11 dossier: sheet 3 was not read: no headings (10 deliveries)
    note: G16.11 dossier: the text was found to be tcvn3, which the profile does not declare (3 deliveries)
    note: G16.12 dossier: the text was found to be windows-1258, which the profile does not declare (6 deliveries)
    164 deliveries: 11487 records read = 11298 accepted + 12 duplicate + 37 rejected + 140 out of scope
    published release 1: 215625 rows, as of 2020-10-31
    ");
}

#[test]
fn a_new_directory_runs_as_it_is() {
    let world = World::small();
    let made = world.bare(&["init", "mine"]);
    assert_eq!(made.code, 0, "{made}");
    assert!(made.stdout.contains("cd mine && hoso --pipeline . run"), "{made}");
    let ran = world.bare(&["--pipeline", "mine", "run"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("4,432 / 8,758"), "{ran}");
    let again = world.bare(&["init", "mine"]);
    assert_eq!(again.code, 2, "{again}");
    assert!(again.stderr.contains("not empty"), "{again}");
}
