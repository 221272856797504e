//! A pipeline directory of its own with its logs and its store, and the binary run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The headings of the logs of the small pipeline.
pub(crate) const HEADINGS: &str = "STT,Mã hồ sơ,Mã TTHC,Người nộp,Ngày tiếp nhận,Ngày hẹn trả,Ngày có kết quả,Trạng thái,Hình thức nộp,Cập nhật";

/// A folder that holds a pipeline, its logs and its store.
pub(crate) struct World {
    folder: TempDir,
    /// The store, as the binary is told of it.
    store: String,
    /// What the binary finds in its environment.
    env: Vec<(String, String)>,
}

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    /// Copies one of the pipelines under `tests/pipelines`.
    pub(crate) fn new(pipeline: &str) -> Self {
        let world = Self::empty();
        copy(&root().join("tests/pipelines").join(pipeline), world.folder.path());
        for unit in ["u1", "u2"] {
            fs::create_dir_all(world.path("in").join(unit)).unwrap();
        }
        world
    }

    /// A folder without anything.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, store: "warehouse".to_owned(), env: Vec::new() }
    }

    /// Keeps the store at another place.
    pub(crate) fn at(mut self, store: &str) -> Self {
        self.store = store.to_owned();
        self
    }

    /// Puts something into the environment of the binary.
    pub(crate) fn env(mut self, env: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(env);
        self
    }

    /// The small pipeline of two units.
    pub(crate) fn small() -> Self {
        Self::new("small")
    }

    /// Lays the files of another pipeline under `tests/pipelines` over this one's.
    pub(crate) fn overlay(&self, pipeline: &str) -> &Self {
        copy(&root().join("tests/pipelines").join(pipeline), self.folder.path());
        self
    }

    /// Returns every dossier as a line of JSON, but for the deliveries that tell of it.
    pub(crate) fn dossiers(&self) -> String {
        self.dossiers_without(&[])
    }

    /// Returns every dossier as a line of JSON, but for the deliveries that tell of it and for
    /// what else is named.
    pub(crate) fn dossiers_without(&self, names: &[&str]) -> String {
        let local = self.path(&self.store);
        let store = if self.store.contains("://") { &*self.store } else { local.to_str().unwrap() };
        python_in(&self.env, &[&["tests/dossiers.py", store], names].concat())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Drops a log under the usual headings: a row a line, `|` between fields, STT and the
    /// applicant added.
    pub(crate) fn log(&self, name: &str, rows: &str) -> &Self {
        self.write(&format!("in/{name}"), log(rows))
    }

    /// Changes the text of a file.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "`{from}` is not in `{name}`");
        self.write(name, text.replace(from, to))
    }

    /// Runs the binary with its environment scrubbed.
    pub(crate) fn hoso(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap(), self.folder.path())
    }

    /// Runs the binary with these arguments alone.
    pub(crate) fn bare(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoso"));
        let output = command.env_clear().current_dir(self.folder.path()).args(args).output();
        ran(output.unwrap(), self.folder.path())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hoso"));
        command.env_clear().envs(self.env.iter().cloned()).current_dir(self.folder.path());
        command.args(["--pipeline", ".", "--store", &self.store]).args(args);
        command
    }

    /// Runs the pipeline and expects an exit code.
    pub(crate) fn run(&self, code: i32) -> Ran {
        let ran = self.hoso(&["run"]);
        assert_eq!(ran.code, code, "{ran}");
        ran
    }

    /// Returns the answer to a query as CSV.
    pub(crate) fn query(&self, sql: &str) -> String {
        let ran = self.hoso(&["query", sql, "--format", "csv"]);
        assert_eq!(ran.code, 0, "{ran}");
        ran.stdout
    }

    /// Returns figures of the small pipeline: one kind of period, what has a number.
    pub(crate) fn figures(&self, period_kind: &str) -> String {
        self.query(&format!(
            "SELECT indicator, COALESCE(unit_code, scope) AS scope, period_end, numerator, \
             denominator, status FROM indicators WHERE period_kind = '{period_kind}' \
             AND scope IN ('ministry', 'unit') AND (numerator <> 0 OR status = 'missing') \
             ORDER BY indicator, scope, period_end"
        ))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Makes a log of the small pipeline from rows of `number | procedure | received | due | completed
/// | status | channel | updated`.
pub(crate) fn log(rows: &str) -> String {
    let mut text = format!("{HEADINGS}\n");
    for (at, row) in rows.lines().map(str::trim).filter(|row| !row.is_empty()).enumerate() {
        let fields: Vec<&str> = row.split('|').map(str::trim).collect();
        let (number, rest) = fields.split_first().unwrap();
        let (procedure, rest) = rest.split_first().unwrap();
        text.push_str(&format!(
            "{},{number},{procedure},Nguyễn Văn A,{}\n",
            at + 1,
            rest.join(",")
        ));
    }
    text
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs a script with the Python that `scripts/test` installs, and returns what it prints.
pub(crate) fn python(args: &[&str]) -> String {
    python_in(&[], args)
}

fn python_in(env: &[(String, String)], args: &[&str]) -> String {
    let python = std::env::var("HOSO_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(&python);
    let output = command.envs(env.iter().cloned()).current_dir(root()).args(args).output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success(),
        "{python} {args:?}: `scripts/test` installs what it needs\n{stdout}\n{stderr}"
    );
    stdout.into_owned()
}

fn ran(output: Output, folder: &Path) -> Ran {
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes).unwrap().replace(folder.to_str().unwrap(), "@@FOLDER@@")
    };
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}
