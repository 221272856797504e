//! A server process that ends with the test process, however that ends: a shell between the two
//! reads a pipe that only the test holds, and kills the server with all its descendants at its end.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;

/// Starts a server by its arguments, after the signal that ends it: five seconds later, or at once,
/// whatever is left of it is killed.
///
/// Descendants are found by their parents, as sshd gives each connection a session of its own.
const SHELL: &str = r#"
end() {
    kill -STOP "$1"
    for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done
    kill -KILL "$1"
}
signal="$1"
shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{
    read -r _ <&3
    [ "$signal" = KILL ] || { kill -"$signal" $server; sleep 5; }
    end $server
} 2>/dev/null &
wait $server
kill -KILL 0
"#;

/// A server process and its log.
pub(crate) struct Keeper {
    shell: Child,
    log: PathBuf,
}

impl Keeper {
    /// Starts a server that is killed at the end.
    pub(crate) fn start(server: &Command, log: PathBuf) -> Self {
        Self::ended_by("KILL", server, log)
    }

    /// Starts a server that a signal ends in good order, so that it leaves no shared memory behind.
    pub(crate) fn ended_by(signal: &str, server: &Command, log: PathBuf) -> Self {
        let output = File::create(&log).unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SHELL, "keeper", signal])
            .arg(server.get_program())
            .args(server.get_args());
        for (name, value) in server.get_envs() {
            shell.env(name, value.unwrap());
        }
        shell.current_dir(server.get_current_dir().unwrap_or(Path::new(".")));
        shell.stdin(Stdio::piped()).stdout(output.try_clone().unwrap()).stderr(output);
        // A group of its own, so that the shell can end it whole.
        let shell = shell.process_group(0).spawn().unwrap();
        Self { shell, log }
    }

    /// Waits until the server accepts connections.
    pub(crate) fn wait_for(&mut self, port: u16) {
        self.wait_until(&format!("port {port}"), || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
    }

    /// Waits a minute at most; a server that has ended, or does not come up, fails the test.
    pub(crate) fn wait_until(&mut self, what: &str, mut up: impl FnMut() -> bool) {
        for _ in 0..2400 {
            if up() {
                return;
            }
            if self.shell.try_wait().unwrap().is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(25));
        }
        panic!("no server for {what}: `scripts/test` installs what it needs\n{}", self.log());
    }

    /// Returns what the server has said until now.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().ok();
    }
}

/// Returns a port that nothing listens on, and that no outgoing connection is given.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Below the ports that Linux gives outgoing connections; test processes begin apart.
    let (first, count) = (12_000, 20_000_u32);
    loop {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(first + (process::id() * 37 + next) % count).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Runs a tool to its end, and returns what it prints.
pub(crate) fn run(command: &mut Command) -> String {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("{command:?}: {error}: `scripts/test` installs what it needs"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Tells whether the tests run as root, whom some servers want to be another user.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_process_in_a_session_of_its_own_ends_with_its_keeper() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut server = Command::new("sh");
    server.args(["-c", "setsid sleep 600 & echo $!; wait"]);
    let mut keeper = Keeper::start(&server, folder.path().join("log"));
    keeper.wait_until("its process", || {
        fs::read_to_string(folder.path().join("log")).is_ok_and(|log| log.ends_with('\n'))
    });
    let pid = keeper.log().trim().to_owned();
    // What is dead and not yet buried has no arguments.
    let lives = || fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|args| !args.is_empty());
    assert!(lives());
    drop(keeper);
    for _ in 0..400 {
        if !lives() {
            return;
        }
        thread::sleep(Duration::from_millis(25));
    }
    panic!("{pid} lives on");
}
