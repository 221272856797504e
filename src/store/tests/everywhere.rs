//! Where the tests keep their stores: each test runs on a local folder and, listed here, again on
//! S3, on Azure, and on an overlay, under which nothing changes.

use std::cell::Cell;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::store::Store;
use crate::store::cloud::Access;

use super::servers::azure::Azurite;
use super::servers::s3::S3;

/// What keeps a store.
#[derive(Clone, Copy)]
enum Kind {
    Local,
    S3,
    Azure,
    Overlay,
}

thread_local! {
    static KIND: Cell<Kind> = const { Cell::new(Kind::Local) };
}

static S3_SERVER: LazyLock<S3> = LazyLock::new(|| {
    let server = S3::start();
    server.bucket("warehouse");
    server
});
static AZURE_SERVER: LazyLock<Azurite> = LazyLock::new(|| {
    let server = Azurite::start();
    server.container("warehouse");
    server
});

/// A place of its own for one store.
pub(super) struct Home {
    url: String,
    access: Access,
    folder: Option<TempDir>,
    /// The one overlay over the folder, where it is one.
    overlay: Option<Store>,
}

impl Home {
    /// Makes an empty place where the test at hand runs.
    pub(super) fn new() -> Self {
        static N_HOMES: AtomicUsize = AtomicUsize::new(0);
        let n = N_HOMES.fetch_add(1, Ordering::Relaxed);
        let cloud = |url, env: Vec<(String, String)>| {
            let access = Access { options: env, ..Access::default() };
            Self { url, access, folder: None, overlay: None }
        };
        match KIND.get() {
            Kind::S3 => cloud(format!("s3://warehouse/a prefix/{n}"), S3_SERVER.env()),
            Kind::Azure => cloud(format!("az://warehouse/a prefix/{n}"), AZURE_SERVER.env()),
            Kind::Local | Kind::Overlay => {
                let folder = TempDir::new().unwrap();
                let url = folder.path().to_str().unwrap().to_owned();
                let below = || Store::open(&url, &Access::default()).unwrap();
                let is_overlay = matches!(KIND.get(), Kind::Overlay);
                let overlay = is_overlay.then(|| below().overlaid().unwrap());
                Self { url, access: Access::default(), folder: Some(folder), overlay }
            }
        }
    }

    /// Opens the store there.
    pub(super) fn open(&self) -> Store {
        let open = || Store::open(&self.url, &self.access).unwrap();
        self.overlay.clone().unwrap_or_else(open)
    }

    /// Returns the local folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let folder = self.folder.as_ref().filter(|_| self.overlay.is_some());
        let is_empty = |folder: &TempDir| folder.path().read_dir().unwrap().next().is_none();
        let is_untouched = folder.is_none_or(is_empty);
        assert!(is_untouched || std::thread::panicking(), "something was written under an overlay");
    }
}

fn run_on(kind: Kind, test: fn()) {
    KIND.set(kind);
    test();
    KIND.set(Kind::Local);
}

macro_rules! on_object_storage {
    ($($module:ident: $($name:ident,)+;)+) => {
        mod on_s3 {
            $($(#[test] fn $name() { super::run_on(super::Kind::S3, super::super::$module::$name); })+)+
        }

        mod on_an_overlay {
            $($(#[test] fn $name() { super::run_on(super::Kind::Overlay, super::super::$module::$name); })+)+
        }

        mod on_azure {
            $($(#[test] fn $name() { super::run_on(super::Kind::Azure, super::super::$module::$name); })+)+
        }
    };
}

on_object_storage! {
    commits:
        tables_are_created_once_by_many,
        a_table_that_was_never_created_is_not_found,
        two_first_writers_of_a_cell_fold_into_one_file,
        another_cell_in_between_is_no_conflict,
        racing_writers_of_one_cell_lose_no_row,
        a_second_live_file_of_a_cell_is_an_error,
        appending_twice_is_appending_once,
        a_named_file_that_is_there_stays,
        a_lost_data_file_is_not_committed,
        rolling_forward_twice_is_rolling_forward_once,
        a_table_outlives_its_checkpoints,
    ;
    objects:
        racing_landings_take_each_number_once,
        what_follows_a_delivery_lands_after_that_one_alone,
        a_foreign_object_among_the_manifests_is_an_error,
        a_name_is_put_once_and_a_lost_answer_is_no_other_writer,
        raw_bytes_come_back,
        raw_bytes_are_listed_hashed_again_and_taken_away,
        what_lies_in_a_tables_folder_is_told_whether_or_not_a_version_knows_it,
        bytes_do_not_depend_on_how_rows_were_batched,
        a_batch_of_another_schema_is_refused,
        a_projection_comes_in_the_order_asked_and_missing_columns_are_null,
        a_release_number_is_taken_once,
    ;
    widen:
        an_older_table_gains_what_it_lacks_and_nothing_else,
        rows_of_an_older_file_have_nulls_for_what_it_lacks,
        a_cell_of_an_older_file_is_written_anew,
        a_file_is_whole_where_it_has_every_column_of_its_table,
        many_widen_a_table_at_once,
        a_table_of_a_newer_version_is_refused,
        a_file_with_other_columns_is_corrupt,
    ;
}

/// A test that another file of this folder has and the list lacks would run on one store alone.
#[test]
fn every_test_of_the_store_is_listed() {
    let sources =
        [include_str!("commits.rs"), include_str!("objects.rs"), include_str!("widen.rs")];
    let listed = include_str!("everywhere.rs");
    for source in sources {
        for test in source.split("#[test]\n").skip(1) {
            let name = test.split("fn ").nth(1).unwrap().split('(').next().unwrap();
            let body = test.split("\n}\n").next().unwrap();
            let is_local = body.contains("TempDir") || body.contains("home.folder()");
            assert!(is_local || listed.contains(&format!(" {name},\n")), "`{name}` is not listed");
        }
    }
}
