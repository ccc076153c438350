//! The wire to a printer. Blocking, with deadlines, and nothing but the standard library.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that opens sockets and devices and has a clock"
)]

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::address::Address;

/// Why a printer was not reached, or no longer is. Trying again can help in every case; what a person can do differs.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The name of the host is unknown: a typing error, or no network.
    #[error("the host {host} is not known")]
    UnknownHost {
        host: String,
        #[source]
        source: io::Error,
    },
    /// Switched off, another network, or another port.
    #[error("no connection to {address}")]
    NoConnection {
        address: String,
        #[source]
        source: io::Error,
    },
    /// The device's file cannot be opened: not plugged in, not paired, or no right to it.
    #[error("{} cannot be opened", path.display())]
    NoDevice {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The serial line could not be made to pass bytes on as they are.
    #[error("{} cannot be set to raw", path.display())]
    NotRaw { path: PathBuf },
    /// The printer took nothing for so long. Some of the bytes may have gone.
    #[error("the printer takes nothing")]
    Stuck,
    /// The connection is gone. Some of the bytes may have gone.
    #[error("the connection to the printer is gone")]
    Lost(#[source] io::Error),
}

impl TransportError {
    /// The code of every error.
    pub const CODES: [&str; 6] = [
        "printer-unknown-host",
        "printer-no-connection",
        "printer-no-device",
        "printer-not-raw",
        "printer-stuck",
        "printer-lost",
    ];

    /// Stable code: translated by it.
    pub fn code(&self) -> &'static str {
        let [host, connection, device, raw, stuck, lost] = Self::CODES;
        match self {
            TransportError::UnknownHost { .. } => host,
            TransportError::NoConnection { .. } => connection,
            TransportError::NoDevice { .. } => device,
            TransportError::NotRaw { .. } => raw,
            TransportError::Stuck => stuck,
            TransportError::Lost(_) => lost,
        }
    }
}

/// A connection to a printer. Closed when dropped.
pub trait Transport: Send {
    /// Writes all of it. Blocks for at most `within` in which nothing is taken.
    ///
    /// # Errors
    /// [`TransportError::Stuck`], [`TransportError::Lost`]. Nobody knows then how much arrived.
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), TransportError>;

    /// What the printer says next; nothing if it says nothing `within` that time. Blocks until then.
    ///
    /// # Errors
    /// [`TransportError::Lost`]
    fn read(&mut self, within: Duration) -> Result<Vec<u8>, TransportError>;
}

/// Opens a connection. Blocks for about `within` for each address that a host has.
///
/// # Errors
/// [`TransportError`]
pub fn open(address: &Address, within: Duration) -> Result<Box<dyn Transport>, TransportError> {
    match address {
        Address::Tcp { host, port } => tcp(host, *port, within),
        Address::Usb(path) => Ok(Box::new(Device::open(path)?)),
        Address::Serial(path) => {
            let device = Device::open(path)?;
            make_raw(path)?;
            Ok(Box::new(device))
        }
    }
}

fn tcp(host: &str, port: u16, within: Duration) -> Result<Box<dyn Transport>, TransportError> {
    let addresses =
        (host, port)
            .to_socket_addrs()
            .map_err(|source| TransportError::UnknownHost {
                host: host.to_owned(),
                source,
            })?;
    let mut source = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect_timeout(&address, within) {
            Ok(stream) => {
                // Questions are a few bytes, and wait for their answer.
                stream.set_nodelay(true).map_err(TransportError::Lost)?;
                return Ok(Box::new(stream));
            }
            Err(error) => source = error,
        }
    }
    Err(TransportError::NoConnection {
        address: format!("{host}:{port}"),
        source,
    })
}

/// A duration of zero means "for ever" to a socket.
const SHORTEST: Duration = Duration::from_millis(1);

fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

impl Transport for TcpStream {
    fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), TransportError> {
        self.set_write_timeout(Some(within.max(SHORTEST)))
            .map_err(TransportError::Lost)?;
        match self.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) if is_silence(&error) => Err(TransportError::Stuck),
            Err(error) => Err(TransportError::Lost(error)),
        }
    }

    fn read(&mut self, within: Duration) -> Result<Vec<u8>, TransportError> {
        self.set_read_timeout(Some(within.max(SHORTEST)))
            .map_err(TransportError::Lost)?;
        let mut buffer = [0; 1024];
        match Read::read(self, &mut buffer) {
            Ok(0) => Err(TransportError::Lost(ErrorKind::UnexpectedEof.into())),
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default().to_vec()),
            Err(error) if is_silence(&error) => Ok(Vec::new()),
            Err(error) => Err(TransportError::Lost(error)),
        }
    }
}

/// A device's file that never blocks: a printer without paper takes nothing for hours, and the standard library has no
/// deadline for files.
struct Device(File);

/// Linux's O_NONBLOCK and O_NOCTTY, the same on x86-64, ARM and RISC-V.
const NONBLOCK: i32 = 0o4000;
const NOCTTY: i32 = 0o400;
/// Between two attempts at a device that is not ready.
const NAP: Duration = Duration::from_millis(5);

impl Device {
    fn open(path: &Path) -> Result<Self, TransportError> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(NONBLOCK | NOCTTY)
            .open(path)
            .map(Self)
            .map_err(|source| TransportError::NoDevice {
                path: path.to_owned(),
                source,
            })
    }
}

/// Makes a serial line pass bytes on as they are. A terminal's line would wait for line ends, and echo what comes back to
/// where it came from.
///
/// # Errors
/// [`TransportError::NotRaw`]: there is no such line, or no `stty`.
pub fn make_raw(path: &Path) -> Result<(), TransportError> {
    let status = Command::new("stty")
        .arg("-F")
        .arg(path)
        .args(["raw", "-echo"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(TransportError::NotRaw {
            path: path.to_owned(),
        }),
    }
}

impl Transport for Device {
    fn write(&mut self, mut bytes: &[u8], within: Duration) -> Result<(), TransportError> {
        let mut since = Instant::now();
        while !bytes.is_empty() {
            match self.0.write(bytes) {
                Ok(0) => {}
                Ok(count) => {
                    bytes = bytes.get(count..).unwrap_or_default();
                    since = Instant::now();
                    continue;
                }
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(TransportError::Lost(error)),
            }
            if since.elapsed() >= within {
                return Err(TransportError::Stuck);
            }
            std::thread::sleep(NAP);
        }
        Ok(())
    }

    fn read(&mut self, within: Duration) -> Result<Vec<u8>, TransportError> {
        let since = Instant::now();
        let mut buffer = [0; 1024];
        loop {
            match self.0.read(&mut buffer) {
                // Drivers give nothing, instead of an error, while there is nothing.
                Ok(0) => {}
                Ok(count) => return Ok(buffer.get(..count).unwrap_or_default().to_vec()),
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(TransportError::Lost(error)),
            }
            if since.elapsed() >= within {
                return Ok(Vec::new());
            }
            std::thread::sleep(NAP);
        }
    }
}
