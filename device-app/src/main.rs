//! `tallyman`: the handheld.

use std::cell::OnceCell;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;
use device_app::camera::{self, Pictures};
use device_app::platform::{Linux, Platform};
use device_app::transport::HttpNetwork;
use device_app::ui::{self, Window, WindowHandle};
use device_app::view::{Language, View};
use device_app::wedge_keys::WedgeKeys;
use device_app::worker::{ToWorker, WorkerOptions, WorkerOutput, spawn};
use device_app::{headless, keystore};
use scan::ReaderSettings;
use scan::wedge::WedgeSettings;

/// A snapshot is read in many small pieces on one thread and freed on another, where the system's allocator waits.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The Tallyman handheld: receive, issue, move, count, look up; with and without a network.
#[derive(Parser)]
#[command(name = "tallyman", version)]
struct Arguments {
    /// Folder of the encrypted database.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of the database's key, where the system keeps none. With --data it is `DIR.config` if not given.
    #[arg(long, value_name = "DIR")]
    config: Option<PathBuf>,
    /// Pictures in place of a camera.
    #[arg(long, value_name = "DIR")]
    frames: Option<PathBuf>,
    /// Number of the camera (0 is /dev/video0); without it the first that opens.
    #[arg(long, value_name = "NUMBER", conflicts_with = "frames")]
    camera: Option<u32>,
    /// Pictures of about this size, in pixels, as 1280x720.
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = camera_size)]
    camera_size: Option<(u32, u32)>,
    /// A scanner on a serial line (/dev/ttyACM0, /dev/rfcomm0) or a pipe that a scan service writes into: a line is a scan.
    /// Scanners that type need no option. More than one: name each.
    #[arg(long, value_name = "FILE", conflicts_with = "headless")]
    scans: Vec<PathBuf>,
    /// No window: read a script, answer each line with a line of JSON.
    #[arg(long)]
    headless: bool,
    /// The script; `-` is the standard input.
    #[arg(long, value_name = "FILE", default_value = "-", requires = "headless")]
    script: PathBuf,
    /// The device's clock is this far ahead of the machine's (or behind): tests live through days in seconds.
    #[arg(long, default_value_t = 0, hide = true, allow_negative_numbers = true)]
    clock_offset_seconds: i64,
    /// Where handhelds nearby are listened for, while that is wanted. Without a window nothing listens unless this is given.
    #[arg(long, value_name = "ADDRESS:PORT")]
    neighbours: Option<SocketAddr>,
    /// Draws every sample screen into this folder, with a page to look through them, and ends.
    #[arg(long, value_name = "DIR", hide = true)]
    screens: Option<PathBuf>,
    /// Language of the screens.
    #[arg(long, value_parser = ["zh", "en"])]
    language: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| "warn,device_app=info".into()))
        .with_writer(std::io::stderr)
        .init();
    // Another provider that was installed before would do as well; there is none in this program.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(%error, "the program ends");
            ExitCode::FAILURE
        }
    }
}

/// Sides of 16 to 8,192 pixels.
fn camera_size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(width, height)| {
        let side = |text: &str| text.parse().ok().filter(|side| (16..=8_192).contains(side));
        Some((side(width)?, side(height)?))
    });
    sides.ok_or_else(|| "width and height in pixels, as 1280x720".to_owned())
}

fn run(arguments: Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    if let Some(folder) = &arguments.screens {
        ui::render_samples(folder)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (data, config) = folders(&arguments)?;
    let camera_wanted = Arc::new(AtomicBool::new(true));
    let photo_wanted = Arc::new(AtomicBool::new(false));
    let camera_settings = Arc::new(Mutex::new(ReaderSettings::default()));
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let clock_offset_ms = arguments.clock_offset_seconds.saturating_mul(1_000);
    let mut platform = Linux::start()?.with_camera(arguments.camera, arguments.camera_size);
    for scanner in arguments.scans {
        platform = platform.with_scanner(scanner)?;
    }
    let platform: Arc<dyn Platform> = Arc::new(platform);
    let options = WorkerOptions {
        data_folder: data,
        secrets: keystore::find(credentials.as_deref(), &config),
        clock: Arc::new(move || now() + clock_offset_ms),
        network: Box::new(HttpNetwork::start()?),
        neighbours: arguments
            .neighbours
            .or_else(|| (!arguments.headless).then(|| (Ipv4Addr::UNSPECIFIED, 0).into())),
        platform: platform.clone(),
        language: arguments
            .language
            .as_deref()
            .map(|language| match language {
                "zh" => Language::Chinese,
                _ => Language::English,
            }),
        camera_wanted: camera_wanted.clone(),
        photo_wanted: photo_wanted.clone(),
        camera_settings: camera_settings.clone(),
    };
    if arguments.headless {
        let script: Box<dyn BufRead + Send> = if arguments.script == Path::new("-") {
            Box::new(BufReader::new(stdin()))
        } else {
            Box::new(BufReader::new(File::open(&arguments.script)?))
        };
        let opened = headless::run(options, arguments.frames, script, stdout().lock())?;
        return Ok(if opened {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let to_worker: Rc<OnceCell<mpsc::Sender<ToWorker>>> = Rc::default();
    let events = to_worker.clone();
    let window = Window::new(move |event| {
        if let Some(to) = events.get() {
            // A worker that has ended closes the window by itself.
            let _ = to.send(ToWorker::Ui(event));
        }
    })?;
    let (wedge, settings) = mpsc::channel();
    window.set_key_sink(Box::new(WedgeKeys::following(settings)));
    window.set_platform(platform.clone());
    let output = ToWindow {
        wedge,
        window: window.handle(),
    };
    let worker = spawn(options, output)?;
    let _ = to_worker.set(worker.sender());
    let pictures = match arguments.frames {
        Some(folder) => Pictures::Folder(folder),
        None => Pictures::Camera(platform),
    };
    let asked = camera::Asked {
        camera: camera_wanted,
        photo: photo_wanted,
        settings: camera_settings,
    };
    let show = Arc::new(window.handle());
    let _camera = camera::start(pictures, worker.sender(), show, asked)?;
    window.run()?;
    Ok(ExitCode::SUCCESS)
}

struct ToWindow {
    /// To the window's keys.
    wedge: mpsc::Sender<WedgeSettings>,
    window: WindowHandle,
}

impl WorkerOutput for ToWindow {
    fn show(&mut self, view: View) {
        // The window may be gone already.
        self.window.show_view(view);
    }

    fn words(&mut self, kept: String) {
        self.window.set_words(kept);
    }

    fn wedge(&mut self, settings: WedgeSettings) {
        // The window may be gone already.
        let _ = self.wedge.send(settings);
    }

    fn quit(&mut self) {
        self.window.quit();
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// Folders of the database and of its key, as the XDG base directories have them.
fn folders(arguments: &Arguments) -> Result<(PathBuf, PathBuf), &'static str> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let base = |variable: &str, below: &str| {
        let set = std::env::var_os(variable).map(PathBuf::from);
        set.filter(|p| p.is_absolute())
            .or_else(|| Some(home.clone()?.join(below)))
            .map(|p| p.join("tallyman"))
            .ok_or("no home folder: give --data and --config")
    };
    let config = match (&arguments.config, &arguments.data) {
        (Some(config), _) => config.clone(),
        (None, Some(data)) => {
            let mut beside = data.clone().into_os_string();
            beside.push(".config");
            PathBuf::from(beside)
        }
        (None, None) => base("XDG_CONFIG_HOME", ".config")?,
    };
    let data = match &arguments.data {
        Some(data) => data.clone(),
        None => base("XDG_DATA_HOME", ".local/share")?,
    };
    Ok((data, config))
}
