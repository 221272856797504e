//! Faults of a pipeline directory: what is wrong, where, and what was probably meant.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A file of the pipeline directory: its path as the user knows it, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: Arc<str>,
    pub text: Arc<str>,
}

impl SourceFile {
    /// Reads a file; a file that cannot be read is a fault of its own.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Option<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Some(Self {
                path: path.to_string_lossy().into(),
                text: text.trim_start_matches('\u{feff}').into(),
            }),
            Err(error) => {
                let file = Self { path: path.to_string_lossy().into(), text: "".into() };
                faults.add_first(&file, format!("failed to read the file: {error}"));
                None
            }
        }
    }
}

/// One fault: the span of bytes it lies in, a message and, where there is one, a hint.
#[derive(Debug, Clone)]
pub struct Fault {
    pub file: SourceFile,
    pub span: Range<usize>,
    pub message: String,
    pub hint: Option<String>,
    /// Whether other faults may follow from it: of a file that is missing or empty.
    pub is_first: bool,
}

impl Fault {
    /// Adds what was probably meant.
    pub fn hint(&mut self, hint: impl Into<String>) {
        self.hint = Some(hint.into());
    }

    /// Adds "did you mean …?" when a candidate is near.
    pub fn suggest<'a>(&mut self, text: &str, candidates: impl IntoIterator<Item = &'a str>) {
        if let Some(candidate) = super::text::closest(text, candidates) {
            self.hint(format!("did you mean `{candidate}`?"));
        }
    }
}

/// Every fault found in one reading of the directory.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds a fault and returns it, so that a hint can follow.
    pub fn add(
        &mut self,
        file: &SourceFile,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> &mut Fault {
        let (file, message) = (file.clone(), message.into());
        self.0.push(Fault { file, span, message, hint: None, is_first: false });
        self.0.last_mut().expect("a fault was pushed just now")
    }

    /// Adds a fault of a whole file, which is told before the others.
    pub(super) fn add_first(
        &mut self,
        file: &SourceFile,
        message: impl Into<String>,
    ) -> &mut Fault {
        let fault = self.add(file, 0..0, message);
        fault.is_first = true;
        fault
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the faults in the order of their files and places, after those of whole files.
    pub fn sorted(mut self) -> Self {
        self.0
            .sort_by_key(|fault| (!fault.is_first, Arc::clone(&fault.file.path), fault.span.start));
        self
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = Renderer::plain();
        for fault in &self.0 {
            let snippet = Snippet::source(fault.file.text.as_ref())
                .path(fault.file.path.as_ref())
                .annotation(AnnotationKind::Primary.span(fault.span.clone()));
            let mut group = Level::ERROR.primary_title(fault.message.as_str()).element(snippet);
            if let Some(hint) = &fault.hint {
                group = group.element(Level::HELP.message(hint.as_str()));
            }
            writeln!(f, "{}\n", renderer.render(&[group]))?;
        }
        write!(f, "{} fault{}", self.0.len(), if self.0.len() == 1 { "" } else { "s" })
    }
}

impl std::error::Error for Faults {}
