//! The program itself, headless: over HTTP, killed without warning, started again.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::hub::Hub;
use crate::hub_http::serve;

struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tallyman"))
            .args(["--headless", "--script", "-", "--data"])
            .arg(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            input,
            output,
        }
    }

    fn say(&mut self, line: &str) -> Value {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
        self.read()
    }

    fn read(&mut self) -> Value {
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{e}: {answer:?}"))
    }

    fn ok(&mut self, line: &str) -> Value {
        let answer = self.say(line);
        assert_eq!(answer["ok"], true, "{line}: {answer}");
        answer
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn killed_in_the_middle_of_a_receipt_and_nothing_answered_is_lost() {
    let hub = Hub::new();
    let url = serve(hub.clone());
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("pda");
    let mut program = Program::start(&data);
    assert_eq!(
        program.say(&format!("enrol {url} WRONG"))["feedback"]["code"],
        "enrol-code-wrong"
    );
    program.ok(&format!("enrol {url} AAAA1 PDA 1"));
    program.ok("wait-synced 20");
    program.ok("sign-in Li 4711");
    program.ok("offline");
    program.ok("open receive");
    program.ok("scan A-01");
    let mut answered = 0;
    for n in 1..=20 {
        program.ok("scan BOLT");
        let answer = program.ok(&format!("quantity {n}"));
        assert_eq!(answer["feedback"]["code"], "received");
        answered += answer["events"].as_array().unwrap().len();
    }
    program.ok("scan BOLT");
    let before = program.ok("state-hash")["state_hash"].clone();
    program.kill();

    let mut program = Program::start(&data);
    assert_eq!(program.ok("state-hash")["state_hash"], before);
    assert_eq!(program.ok("status")["waiting_events"], answered);
    assert_eq!(program.say("sign-in Li 1")["feedback"]["code"], "wrong-pin");
    let answer = program.ok("sign-in B-LI");
    assert_eq!(answer["banner"], "recovered-session");
    let answer = program.ok("resume");
    assert_eq!(
        (&answer["operation"], &answer["prompt"]["code"]),
        (&"receive".into(), &"enter-quantity".into())
    );
    program.ok("quantity 5");
    let stock = program.ok("stock A-01")["stock"][0].clone();
    assert_eq!(stock["quantity"], "215");
    assert_eq!(stock["recalculating"], false);
    program.ok("online");
    program.ok("wait-synced 20");
    program.ok("edit-item BOLT name_zh=六角螺栓 barcode:BOX=12");
    program.ok("wait-synced 20");
    let hash = program.ok("state-hash")["state_hash"]
        .as_str()
        .unwrap()
        .to_owned();
    let ours: String = hub
        .state_hash()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(hash, ours);
    assert_eq!(program.say("nonsense")["error"], "script-unknown-command");
    assert_eq!(program.say("[1,2]")["error"], "script-unreadable");
    program.ok("quit");
    assert!(program.child.wait().unwrap().success());
}

#[test]
fn a_damaged_database_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("pda");
    let mut program = Program::start(&data);
    program.ok("quit");
    program.child.wait().unwrap();
    std::fs::write(data.join("replica.db"), vec![0x5a; 8_192]).unwrap();
    let mut program = Program::start(&data);
    let answer = program.read();
    assert_eq!(
        (&answer["ok"], &answer["error"]),
        (&false.into(), &"database-corrupt".into())
    );
    assert!(!program.child.wait().unwrap().success());
}

#[test]
fn pictures_that_hold_nothing_are_answered_with_a_code() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.png"), b"\x89PNG no more").unwrap();
    image::GrayImage::from_pixel(320, 240, image::Luma([200]))
        .save(folder.path().join("empty.png"))
        .unwrap();
    let mut program = Program::start(&folder.path().join("pda"));
    for (file, code) in [
        ("broken.png", "picture-unreadable"),
        ("empty.png", "picture-no-code"),
        ("missing.png", "picture-unreadable"),
    ] {
        let path = folder.path().join(file);
        let answer = program.say(&format!("scan-picture {}", path.display()));
        assert_eq!(
            (&answer["ok"], &answer["feedback"]["code"]),
            (&false.into(), &code.into())
        );
    }
    program.ok("quit");
}
