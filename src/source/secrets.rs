//! Secrets revealed at the moment they are used, and kept out of whatever is said afterwards.

use std::env;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use crate::pipeline::secret::{Secret, Setting};

use super::fault::Fault;

/// Shorter texts are not hidden: they would tear holes into every message.
const MIN_BYTES: usize = 4;

/// The secrets that a source was given. Has no `Debug`: there is nothing to show.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    revealed: Arc<Mutex<Vec<String>>>,
}

impl Secrets {
    /// Reads a secret where it lies.
    ///
    /// # Errors
    ///
    /// A lasting fault where there is none.
    pub(super) fn reveal(&self, secret: &Secret) -> Result<String, Fault> {
        let missing = |why: &dyn std::fmt::Display| {
            Fault::lasting(format!("no secret in {}: {why}", secret.place()))
                .advise("set it where hoso runs")
        };
        let text = match secret {
            Secret::Env(name) => env::var(name).map_err(|error| missing(&error))?,
            Secret::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| missing(&error))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
        };
        if text.is_empty() {
            return Err(missing(&"it is empty"));
        }
        self.keep(&text);
        Ok(text)
    }

    /// Reads a setting that may be a secret.
    pub(super) fn setting(&self, setting: &Setting) -> Result<String, Fault> {
        match setting {
            Setting::Plain(text) => Ok(text.clone()),
            Setting::Secret(secret) => self.reveal(secret),
        }
    }

    /// Remembers what became secret on the way: a token.
    pub(super) fn keep(&self, text: &str) {
        self.revealed.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    /// Takes every secret out of a text, as written and as a URL writes it.
    pub(super) fn hide(&self, text: &str) -> String {
        let revealed = self.revealed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hidden = text.to_owned();
        for secret in revealed.iter().filter(|secret| secret.len() >= MIN_BYTES) {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for written in [secret, &encoded] {
                hidden = hidden.replace(written.as_str(), "***");
            }
        }
        hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_known_on_the_way_is_taken_out_of_every_text() {
        let secrets = Secrets::default();
        secrets.keep("a secret&more");
        secrets.keep("abc");
        let told = "at /list?key=a+secret%26more of `a secret&more`, abc";
        assert_eq!(secrets.hide(told), "at /list?key=*** of `***`, abc");
        let fault = Fault::passing("refused").because(&std::io::Error::other("a secret&more"));
        assert_eq!(fault.without(&secrets).to_string(), "refused: ***");
    }
}
