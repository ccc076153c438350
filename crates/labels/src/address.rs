//! Where a printer is, as people write it into the settings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The port on which network printers take labels.
pub const PORT: u16 = 9100;

/// Where a printer is: `tcp://host:9100`, `usb:/dev/usb/lp0` or `serial:/dev/rfcomm0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A name or number of a host, an IPv6 number without its brackets.
    Tcp { host: String, port: u16 },
    /// A file of the kernel's USB printer driver.
    Usb(PathBuf),
    /// A serial line, such as a Bluetooth printer that was bound to a file.
    Serial(PathBuf),
}

/// Why an address is none. The person has to write another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address begins with tcp://, usb: or serial:")]
    Scheme,
    #[error("no host")]
    Host,
    #[error("no port from 1 to 65535")]
    Port,
    #[error("a device's file begins with /")]
    Path,
}

impl AddressError {
    /// Every error.
    pub const ALL: [AddressError; 4] = [
        AddressError::Scheme,
        AddressError::Host,
        AddressError::Port,
        AddressError::Path,
    ];

    /// Stable code: translated by it.
    pub fn code(self) -> &'static str {
        match self {
            AddressError::Scheme => "printer-address-scheme",
            AddressError::Host => "printer-address-host",
            AddressError::Port => "printer-address-port",
            AddressError::Path => "printer-address-path",
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("tcp://") {
            return tcp(rest.strip_suffix('/').unwrap_or(rest));
        }
        let path = |rest: &str| {
            let path = Path::new(rest);
            let is_file = path.is_absolute() && path.file_name().is_some();
            is_file.then(|| path.to_owned()).ok_or(AddressError::Path)
        };
        if let Some(rest) = text.strip_prefix("usb:") {
            path(rest).map(Address::Usb)
        } else if let Some(rest) = text.strip_prefix("serial:") {
            path(rest).map(Address::Serial)
        } else {
            Err(AddressError::Scheme)
        }
    }
}

fn tcp(rest: &str) -> Result<Address, AddressError> {
    let (host, port) = match rest.strip_prefix('[') {
        Some(bracketed) => {
            let (host, behind) = bracketed.split_once(']').ok_or(AddressError::Host)?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(AddressError::Host);
            }
            (host, behind)
        }
        None => {
            let end = rest.find(':').unwrap_or(rest.len());
            rest.split_at(end)
        }
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    if host.is_empty() || !host.chars().all(allowed) {
        return Err(AddressError::Host);
    }
    let port = match port {
        "" => PORT,
        _ => {
            let digits = port.strip_prefix(':').ok_or(AddressError::Port)?;
            let number = digits.parse().map_err(|_| AddressError::Port)?;
            if number == 0 || digits.starts_with('+') {
                return Err(AddressError::Port);
            }
            number
        }
    };
    Ok(Address::Tcp {
        host: host.to_owned(),
        port,
    })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Address::Usb(path) => write!(f, "usb:{}", path.display()),
            Address::Serial(path) => write!(f, "serial:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_said_again() {
        let check = |text: &str, expected: &str| {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), expected, "{text}");
            assert_eq!(expected.parse(), Ok(address), "{text}");
        };
        check("tcp://printer-3.local:9100", "tcp://printer-3.local:9100");
        check(" tcp://192.168.1.20 ", "tcp://192.168.1.20:9100");
        check("tcp://host:6101/", "tcp://host:6101");
        check("tcp://[fe80::1]:9100", "tcp://[fe80::1]:9100");
        check("tcp://[::1]", "tcp://[::1]:9100");
        check("usb:/dev/usb/lp0", "usb:/dev/usb/lp0");
        check("serial:/dev/rfcomm0", "serial:/dev/rfcomm0");
    }

    #[test]
    fn what_is_no_address_says_why() {
        let check = |text: &str, expected: AddressError| {
            assert_eq!(text.parse::<Address>(), Err(expected), "{text}");
        };
        check("", AddressError::Scheme);
        check("192.168.1.20", AddressError::Scheme);
        check("http://host", AddressError::Scheme);
        check("TCP://host", AddressError::Scheme);
        check("tcp://", AddressError::Host);
        check("tcp://:9100", AddressError::Host);
        check("tcp://a b", AddressError::Host);
        check("tcp://user@host", AddressError::Host);
        check("tcp://[fe80::1", AddressError::Host);
        check("tcp://[host]", AddressError::Host);
        check("tcp://host:", AddressError::Port);
        check("tcp://host:0", AddressError::Port);
        check("tcp://host:+80", AddressError::Port);
        check("tcp://host:70000", AddressError::Port);
        check("tcp://[::1]9100", AddressError::Port);
        check("usb:lp0", AddressError::Path);
        check("usb:", AddressError::Path);
        check("serial:/", AddressError::Path);
        check("serial:../dev/rfcomm0", AddressError::Path);
    }
}
