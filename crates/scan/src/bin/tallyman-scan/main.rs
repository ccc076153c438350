//! `tallyman-scan`: reads pictures, measures collections of them, and plays folders as a camera.

#![expect(clippy::print_stdout, reason = "a command-line program")]

mod bench;
#[cfg(feature = "camera")]
mod camera;
mod decode;
mod labelled;
mod processor;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use scan::{ReaderSettings, Symbology};

/// Reads barcodes from pictures.
#[derive(Parser)]
#[command(name = "tallyman-scan", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints one JSON line a picture: what was read, where, and how long it took
    Decode {
        #[command(flatten)]
        what: What,
        /// Let every decoder look, though something was read already
        #[arg(long)]
        thorough: bool,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Reads pictures with their texts beside them, with each decoder and with all together
    Bench {
        #[command(flatten)]
        what: What,
        /// Only what all decoders together read
        #[arg(long)]
        alone: bool,
        /// Only folders whose name begins so; may be given several times
        #[arg(long)]
        folder: Vec<String>,
        /// Name the pictures that were not read
        #[arg(long)]
        misses: bool,
        directory: PathBuf,
    },
    /// Lists the cameras of this machine
    #[cfg(feature = "camera")]
    Cameras,
    /// Reads what a camera sees, and opens it anew when it was unplugged
    #[cfg(feature = "camera")]
    Camera {
        #[command(flatten)]
        what: What,
        /// Number of the camera; without it the first that opens
        #[arg(long)]
        index: Option<u32>,
        /// Width and height to ask for; it gives the closest it has
        #[arg(long, num_args = 2, value_names = ["WIDTH", "HEIGHT"], default_values_t = [1280, 720])]
        size: Vec<u32>,
        #[arg(long, default_value_t = 60.0)]
        seconds: f64,
        /// Share of one core that may be used, 0 to 1
        #[arg(long, default_value_t = scan::live::SHARE)]
        share: f64,
    },
    /// Plays the pictures of a folder, in order of their names, as a camera would show them
    Watch {
        #[command(flatten)]
        what: What,
        /// Folder of pictures
        #[arg(long)]
        frames: PathBuf,
        #[arg(long, default_value_t = 30.0)]
        fps: f64,
        /// Share of one core that may be used, 0 to 1
        #[arg(long, default_value_t = scan::live::SHARE)]
        share: f64,
    },
}

/// Which symbols are looked for.
#[derive(Args)]
pub(crate) struct What {
    /// Only what a warehouse asks for: no UPC-E, ITF with 14 digits only
    #[arg(long)]
    warehouse: bool,
    /// Only these symbologies, by their codes (ean-13, code-128, qr, ...); may be given several times
    #[arg(long, value_parser = symbology)]
    symbology: Vec<Symbology>,
}

fn symbology(code: &str) -> Result<Symbology, String> {
    Symbology::from_code(code).ok_or_else(|| {
        let known = Symbology::ALL.map(Symbology::code).join(", ");
        format!("known are {known}")
    })
}

impl What {
    fn settings(&self) -> ReaderSettings {
        let mut settings = if self.warehouse {
            ReaderSettings::default()
        } else {
            ReaderSettings::everything()
        };
        if !self.symbology.is_empty() {
            settings.symbologies.clone_from(&self.symbology);
        }
        settings
    }
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Decode {
            what,
            thorough,
            files,
        } => decode::run(&what.settings(), thorough, &files),
        Command::Bench {
            what,
            alone,
            folder,
            misses,
            directory,
        } => bench::run(&what.settings(), &directory, &folder, alone, misses),
        #[cfg(feature = "camera")]
        Command::Cameras => Ok(camera::list()),
        #[cfg(feature = "camera")]
        Command::Camera {
            what,
            index,
            size,
            seconds,
            share,
        } => {
            let wish = scan::source::CameraWish {
                width: size[0],
                height: size[1],
                ..scan::source::CameraWish::default()
            };
            let time = std::time::Duration::from_secs_f64(seconds.clamp(0.0, 1e6));
            camera::run(what.settings(), index, wish, time, share)
        }
        Command::Watch {
            what,
            frames,
            fps,
            share,
        } => watch::run(what.settings(), &frames, fps, share),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tallyman-scan: {error}");
            ExitCode::FAILURE
        }
    }
}
