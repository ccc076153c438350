//! `tallyman`, the handheld.

use std::path::PathBuf;
use std::process::ExitCode;

use device_app::ui;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|argument| argument == "--screens")
    {
        let folder = arguments
            .next()
            .map_or_else(|| PathBuf::from("."), PathBuf::from);
        return match ui::render_samples(&folder) {
            Ok(_) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("tallyman: {error}");
                ExitCode::FAILURE
            }
        };
    }
    eprintln!("usage: tallyman --screens FOLDER");
    ExitCode::FAILURE
}
