//! A fault in hoso itself: told by its place alone, since what a panic says may hold data.

use std::panic::{PanicHookInfo, UnwindSafe};

use super::exit::Exit;
use super::output;

/// Runs a command; one that panics ends in [`Exit::Fault`].
pub(super) fn contained(command: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    std::panic::set_hook(Box::new(|panic| output::to_stderr(&told(panic))));
    std::panic::catch_unwind(command).unwrap_or(Exit::Fault)
}

/// Tells where it panicked, and what it says where that is a text of the program's own.
fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(String::new, |place| format!(" at {place}"));
    let says = panic.payload().downcast_ref::<&'static str>();
    let says = says.map_or_else(String::new, |says| format!(": {says}"));
    format!(
        "error: a fault in hoso itself{place}{says}; nothing is half published. Please report it \
         with this line, and run again"
    )
}

#[cfg(test)]
mod tests {
    use std::panic;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_panic_shows_its_place_and_no_data() {
        let (tell, hear) = mpsc::channel();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| tell.send(told(panic)).unwrap_or_default()));
        let name = "Nguyễn Văn A".to_owned();
        let read: Result<String, String> = Err(name.clone());
        let with_data = [
            panic::catch_unwind(|| panic!("{}", name.clone())),
            panic::catch_unwind(|| drop(read.clone().expect("a record"))),
            panic::catch_unwind(|| panic::panic_any(name.clone())),
        ];
        let without = panic::catch_unwind(|| panic!("the order is wrong"));
        panic::set_hook(before);
        assert!(with_data.iter().chain([&without]).all(Result::is_err));
        let told: Vec<String> = hear.try_iter().filter(|told| told.contains(file!())).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|told| !told.contains("Nguyễn")), "{told:?}");
        assert!(told[3].contains(": the order is wrong;"), "{told:?}");
    }
}
