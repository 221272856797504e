//! The notebook over the sample data, run by Jupyter: it shows what is saved in it.

use super::world::{World, python, root};

#[test]
fn the_notebook_shows_what_is_saved_in_it() {
    let world = World::empty();
    let pipeline = root().join("pipelines/ministry");
    let ran = world.bare(&["--pipeline", pipeline.to_str().unwrap(), "--store", "wh", "run"]);
    assert_eq!(ran.code, 0, "{ran}");
    let store = world.path("wh");
    let args =
        ["tests/notebook.py", "notebooks/reading_the_figures.ipynb", store.to_str().unwrap()];
    assert_eq!(python(&args), "");
}
