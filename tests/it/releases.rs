//! A unit's ten monthly lists arrive late, out of order and once corrected: what each release told
//! can be had again, and each difference is explained by its delivery.

use std::fs;

use insta::assert_snapshot;

use super::world::{World, python};

/// The months of 2020 in the order in which the lists come; the first list of May is a bad one.
const ORDER: [&str; 11] = [
    "02_20200303",
    "01_20200203",
    "04_20200503",
    "03_20200403",
    "05_20200602",
    "07_20200803",
    "05_20200603",
    "06_20200703",
    "10_20201103",
    "08_20200903",
    "09_20201003",
];

const EXPLAIN: [&str; 4] = ["explain", "online_resolution_rate", "--period", "ytd-2020-10"];

fn hoso(world: &World, args: &[&str]) -> String {
    let ran = world.bare(&[&["--pipeline", "mine", "--store", "wh"], args].concat());
    assert_eq!(ran.code, 0, "{args:?}: {ran}");
    ran.stdout
}

/// What a release tells: its whole export, and an indicator as it is shown.
fn told(world: &World, release: Option<usize>, to: &str) -> [String; 2] {
    let release = release.map(|number| vec!["--release".to_owned(), number.to_string()]);
    let release = release.unwrap_or_default();
    let with = |args: &[&str]| {
        let release: Vec<&str> = release.iter().map(String::as_str).collect();
        hoso(world, &[args, &release].concat())
    };
    with(&["export", "csv", "--out", to]);
    [
        fs::read_to_string(world.path(to)).unwrap(),
        with(&["show", "online_resolution_rate", "--last", "1", "--unit", "G16.03"]),
    ]
}

#[test]
fn each_release_can_be_told_again_and_each_difference_names_its_delivery() {
    let world = World::small();
    world.bare(&["init", "mine"]);
    let name = |month: &str| format!("mine/sample_data/dien-anh/ho-so_2020-{month}.csv");
    let listed = |month: &str| fs::read_to_string(world.path(&name(month))).unwrap();
    let may = listed("05_20200603").replace("Qua ma\u{323}ng", "Trực tiếp");
    let mut lists = Vec::new();
    for month in ORDER {
        let list = if month == "05_20200602" { may.clone() } else { listed(month) };
        lists.push((month, list));
    }
    fs::remove_dir_all(world.path("mine/sample_data/dien-anh")).unwrap();
    fs::create_dir(world.path("mine/sample_data/dien-anh")).unwrap();

    let accept = ["run", "--accept", "final_changed", "--reason", "the lists of G16.03 come late"];
    hoso(&world, &["run"]);
    fs::create_dir(world.path("exports")).unwrap();
    let mut then = vec![told(&world, None, "exports/1.csv")];
    let mut explained = String::new();
    for (month, list) in lists {
        world.write(&name(month), list);
        hoso(&world, &accept);
        then.push(told(&world, None, &format!("exports/{}.csv", then.len() + 1)));
        if then.len() == 7 {
            explained = hoso(&world, &EXPLAIN);
        }
    }
    let seventh = hoso(&world, &[&EXPLAIN[..], &["--release", "7"]].concat());
    assert_eq!(seventh, explained);
    assert_ne!(hoso(&world, &EXPLAIN), explained);
    for (at, told_then) in then.iter().enumerate() {
        let now = told(&world, Some(at + 1), "again.csv");
        for (now, then) in now.iter().zip(told_then) {
            assert!(now == then, "release {}:\n{now}\n{then}", at + 1);
        }
    }
    let last = &then.last().unwrap()[1];
    assert!(last.contains("53.07 %  475 / 895") && last.contains("revised    51 values"), "{last}");
    let (store, exports) = (world.path("wh"), world.path("exports"));
    let places = [store.to_str().unwrap(), exports.to_str().unwrap(), "G16.03/dossier"];
    assert_snapshot!(python(&[&["tests/releases.py"][..], &places].concat()), @"
    2: G16.03/dossier/00000001: 8595 late_data
    3: G16.03/dossier/00000002: 4773 late_data
    4: G16.03/dossier/00000003: 4386 late_data
    5: G16.03/dossier/00000004: 4538 late_data
    6: G16.03/dossier/00000005: 3774 late_data
    7: G16.03/dossier/00000006: 3781 late_data
    8: G16.03/dossier/00000007: 555 late_data
    9: G16.03/dossier/00000008: 3882 late_data
    10: G16.03/dossier/00000009: 2604 late_data
    11: G16.03/dossier/00000010: 2970 late_data
    12: G16.03/dossier/00000011: 2485 late_data
    ");
}
