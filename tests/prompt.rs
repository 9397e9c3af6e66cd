//! The passphrase prompt on a real (pseudo-)terminal: however it ends, the terminal echoes again.
//!
//! Each test runs this very program again, as the leader of a new session on a new pseudo-terminal, with
//! only the test [`the_child_asks_for_a_passphrase`] in it.

// The functions beside the tests are test code too, which clippy.toml's exceptions do not see.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use coldcert::cli::passphrase::{PASSPHRASE_VARIABLE, PassphraseSource};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

#[test]
fn the_interrupt_key_ends_the_process_and_the_echo_comes_back() {
    let Some(mut session) = Session::start("once") else {
        return;
    };
    session.wait_for_prompt("passphrase: ");
    assert!(!session.echoes());
    session.type_in(b"half a pass\x03");
    assert_eq!(session.end().signal(), Some(Signal::INT.as_raw()));
    assert!(session.echoes());
}

#[test]
fn a_signal_from_outside_ends_the_process_and_the_echo_comes_back() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let Some(mut session) = Session::start("once") else {
            return;
        };
        session.wait_for_prompt("passphrase: ");
        assert!(!session.echoes());
        session.kill(signal);
        assert_eq!(session.end().signal(), Some(signal.as_raw()));
        assert!(session.echoes(), "{signal:?}");
    }
}

#[test]
fn a_signal_after_the_prompt_still_ends_the_process() {
    let Some(mut session) = Session::start("linger") else {
        return;
    };
    session.wait_for_prompt("passphrase: ");
    session.type_in(b"secret\n");
    session.wait_for_prompt("got it");
    assert!(session.echoes());
    session.kill(Signal::INT);
    assert_eq!(session.end().signal(), Some(Signal::INT.as_raw()));
}

#[test]
fn what_is_typed_is_the_passphrase_and_is_not_echoed() {
    let Some(mut session) = Session::start("once") else {
        return;
    };
    session.wait_for_prompt("passphrase: ");
    // The erase key works, also across a character of two bytes or more.
    session.type_in("hunter2 üx\x7f\n".as_bytes());
    assert!(session.end().success());
    assert!(session.echoes());
    assert!(session.answer().contains("passphrase=[hunter2 ü]"));
    assert!(!session.screen().contains("hunter2"));
}

#[test]
fn a_new_passphrase_is_asked_for_twice_and_must_be_the_same() {
    for (second, answer) in [("one\n", "passphrase=[one]"), ("two\n", "error=[the two passphrases differ")] {
        let Some(mut session) = Session::start("twice") else {
            return;
        };
        session.wait_for_prompt("passphrase: ");
        session.type_in(b"one\n");
        session.wait_for_prompt("again: ");
        session.type_in(second.as_bytes());
        assert!(session.end().success());
        assert!(session.echoes());
        assert!(session.answer().contains(answer));
    }
}

#[test]
fn the_end_of_input_is_an_empty_passphrase() {
    let Some(mut session) = Session::start("once") else {
        return;
    };
    session.wait_for_prompt("passphrase: ");
    session.type_in(b"\x04");
    assert!(session.end().success());
    assert!(session.echoes());
    assert!(session.answer().contains("error=[the passphrase is empty, from the terminal]"));
}

#[test]
fn without_a_terminal_the_three_ways_are_named() {
    if setsid_is_missing() {
        return;
    }
    let output = child("once", &[]).stdin(Stdio::null()).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(answer.contains("error=[a passphrase is needed, and there is no terminal"), "{answer}");
    for way in ["--passphrase-file", PASSPHRASE_VARIABLE, "in a terminal"] {
        assert!(answer.contains(way), "{answer}");
    }
}

/// Not a test of its own: what the other tests run on their terminals.
#[test]
fn the_child_asks_for_a_passphrase() {
    let Ok(play) = std::env::var(PLAY) else { return };
    let source = PassphraseSource::Terminal;
    let asked = match play.as_str() {
        "twice" => source.ask_twice("passphrase: ", "again: ", &mut io::empty()),
        _ => source.ask("passphrase: ", &mut io::empty()),
    };
    match asked {
        Ok(passphrase) => println!("passphrase=[{}]", passphrase.secret_passphrase()),
        Err(error) => println!("error=[{error}] help=[{}]", error.help()),
    }
    if play == "linger" {
        File::options().write(true).open("/dev/tty").unwrap().write_all(b"got it").unwrap();
        std::thread::sleep(PATIENCE);
    }
}

/// A child on its own terminal, of which this process holds both ends.
struct Session {
    child: Child,
    keyboard: File,
    /// Held open so that the terminal outlives the child and its settings can be looked at.
    terminal: File,
    printed: Receiver<Vec<u8>>,
    screen: String,
}

impl Session {
    fn start(play: &str) -> Option<Self> {
        if setsid_is_missing() {
            return None;
        }
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let terminal = rustix::fs::open(
            OsStr::from_bytes(name.to_bytes()),
            rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        );
        let (keyboard, terminal) = (File::from(keyboard), File::from(terminal.unwrap()));
        // Before there is a child, which may be asking by the time that this process goes on.
        assert!(echo(&terminal), "a new terminal echoes");
        let child = child(play, &["-c"]).stdin(terminal.try_clone().unwrap()).spawn().unwrap();
        let (print, printed) = channel();
        let mut display = keyboard.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count) = display.read(&mut buffer) {
                if count == 0 || print.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Some(Self { child, keyboard, terminal, printed, screen: String::new() })
    }

    fn wait_for_prompt(&mut self, prompt: &str) {
        while !self.screen.contains(prompt) {
            let Ok(printed) = self.printed.recv_timeout(PATIENCE) else {
                panic!("no `{prompt}` on the terminal, only `{}`", self.screen)
            };
            self.screen.push_str(&String::from_utf8_lossy(&printed));
        }
    }

    fn type_in(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }

    fn kill(&self, signal: Signal) {
        // `setsid` becomes the program that it starts, so the child's id is the program's.
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn echoes(&self) -> bool {
        echo(&self.terminal)
    }

    fn end(&mut self) -> ExitStatus {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the child does not end")
    }

    fn answer(&mut self) -> String {
        let mut answer = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut answer).unwrap();
        answer
    }

    fn screen(&mut self) -> &str {
        while let Ok(printed) = self.printed.recv_timeout(Duration::from_millis(50)) {
            self.screen.push_str(&String::from_utf8_lossy(&printed));
        }
        &self.screen
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Gone already, unless an assertion failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn echo(terminal: &File) -> bool {
    tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
}

fn child(play: &str, setsid_options: &[&str]) -> Command {
    // Whoever runs the tests in the background of a script ignores SIGINT, and the child would too.
    let mut command = Command::new("env");
    command.args(["--default-signal=INT,QUIT,TERM,HUP", "setsid"]);
    command
        .args(setsid_options)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_child_asks_for_a_passphrase", "--nocapture"])
        .env(PLAY, play)
        // SIGQUIT may leave a core file.
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn setsid_is_missing() -> bool {
    let missing = Command::new("setsid").arg("--version").output().is_err();
    assert!(
        !missing || std::env::var_os("CI").is_none(),
        "setsid (util-linux) is needed for this test in CI"
    );
    if missing {
        eprintln!("SKIPPED: setsid (util-linux) is missing, and the prompt is not tested on a terminal");
    }
    missing
}

const PLAY: &str = "COLDCERT_TEST_PROMPT";
const PATIENCE: Duration = Duration::from_secs(20);
