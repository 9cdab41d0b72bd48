//! A PostgreSQL server of a test's own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::house::{clean, installed};

/// Starts the server, waits for the end of its standard input, and cleans up: so it cannot outlive the
/// test, however that ends.
const RUN: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -h 127.0.0.1 -p "$3" -F 2>&1 &
cat > /dev/null
kill -QUIT $!
wait
cd /
rm -rf "$2"
"#;

/// A server that only this test uses, with the superuser `app` and an empty database `postgres`. It
/// asks for a password, also on its socket, and ends with this guard.
#[derive(Debug)]
pub struct Postgres {
    process: Child,
    stdin: Option<ChildStdin>,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// The password of the user `app`; it must not be seen anywhere.
    pub const PASSWORD: &str = "s3cr3t-of-the-database";

    /// Starts one in a temporary folder, on a free port of loopback. It refuses to run as root, so there
    /// it runs as the account `postgres`, or as `nobody`.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let programs = installed(programs());
        let account = if is_root() { Some(account()) } else { None };
        let port = free_port();
        // Short, since the path of a socket has about 100 characters at most.
        let folder = std::env::temp_dir().join(format!("xray-pg-{}-{port}", std::process::id()));
        fs::create_dir(&folder).expect("a new folder");
        let password = folder.join("password");
        fs::write(&password, Self::PASSWORD).expect("a file");
        if let Some(account) = account {
            let status = Command::new("chown").args(["-R", account]).arg(&folder).status();
            assert!(status.expect("chown runs").success());
        }
        let mut initdb = run_as(account, &programs.join("initdb"));
        initdb.args(["--no-sync", "--no-locale", "-E", "UTF8", "-U", "app", "-A", "scram-sha-256"]);
        initdb.arg("--pwfile").arg(&password).arg("-D").arg(folder.join("data"));
        let output = initdb.current_dir(&folder).output().expect("initdb starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_file(password).expect("the file of before");

        let mut command = run_as(account, Path::new("/bin/sh"));
        command.args(["-c", RUN, "postgres"]).arg(&programs).arg(&folder).arg(port.to_string());
        let mut process = command
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stdin = process.stdin.take();
        let stdout = BufReader::new(process.stdout.take().expect("piped"));
        // From here on the server ends whatever happens.
        let server = Self { process, stdin, folder, port };
        let mut lines = stdout.lines().map_while(Result::ok);
        let mut said = String::new();
        let is_ready = |line: String| {
            said += &line;
            said.push('\n');
            line.contains("is ready to accept connections")
        };
        assert!(lines.by_ref().any(is_ready), "the server ended:\n{said}");
        // What it says later, such as a query's error, goes with the test's own.
        std::thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
        server
    }

    /// The URL of one of its databases, password and all.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://app:{}@127.0.0.1:{}/{database}?sslmode=disable",
            Self::PASSWORD,
            self.port
        )
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// Where Debian puts the newest version, which is not on the PATH; else where the PATH has it.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max_by_key(|programs| version_of(programs));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut on_path = std::env::split_paths(&path).filter(|folder| folder.join("initdb").exists());
    newest.or_else(|| on_path.next()).unwrap_or_else(|| "/usr/lib/postgresql/*/bin".into())
}

fn version_of(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}

fn run_as(account: Option<&str>, program: &Path) -> Command {
    let Some(account) = account else { return clean(program) };
    let mut command = clean(Path::new("setpriv"));
    command.args(["--reuid", account, "--regid", &group_of(account), "--clear-groups"]);
    command.arg(program);
    command
}

fn is_root() -> bool {
    id(&["-u"]).as_deref() == Some("0")
}

fn account() -> &'static str {
    let known = |account: &&str| id(&["-u", account]).is_some();
    ["postgres", "nobody"].into_iter().find(known).expect("an account without privileges")
}

fn group_of(account: &str) -> String {
    id(&["-g", account]).expect("a group")
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    listener.local_addr().expect("bound").port()
}
