//! A supervisor's browser, as far as the real server's pages need one: keeps cookies, and sends forms with their tokens.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Longer than any page takes, on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// One browser, signed in.
#[derive(Debug)]
pub struct Console {
    /// `host:port`.
    address: String,
    cookies: BTreeMap<String, String>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// HTML.
    pub body: String,
}

impl Page {
    /// The value of the last hidden field with that name: the frame's own forms come first.
    ///
    /// # Errors
    /// The page has no such field.
    pub fn field(&self, name: &str) -> Result<&str> {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.rsplit_once(&mark).with_context(|| {
            let status = self.status;
            format!("no field {name:?} in a page of status {status}")
        })?;
        rest.split('"').next().context("an end of the value")
    }
}

impl Console {
    /// Signs in with a one-time link of a server without TLS.
    ///
    /// # Errors
    /// The server does not answer, or not as it should; as of all functions here.
    pub fn sign_in(link: &str) -> Result<Self> {
        let rest = link.strip_prefix("http://").context("plain HTTP")?;
        let (address, path) = rest.split_once('/').context("a path")?;
        let mut console = Self {
            address: address.to_owned(),
            cookies: BTreeMap::new(),
        };
        let path = format!("/{path}");
        console.send_form(&path, &path, &[])?;
        Ok(console)
    }

    /// A page.
    pub fn open(&mut self, path: &str) -> Result<Page> {
        self.ask("GET", path, "")
    }

    /// Opens a page and sends a form of it, with the page's hidden fields `csrf` and `hidden`; it must be taken.
    pub fn send_form(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let shown = self.open(page)?;
        ensure!(shown.status == 200, "{page}: {}", shown.body);
        let mut form = format!("csrf={}", encoded(shown.field("csrf")?));
        if let Ok(seen) = shown.field("seen") {
            let _ = write!(form, "&seen={}", encoded(seen));
        }
        for (name, value) in fields {
            let _ = write!(form, "&{name}={}", encoded(value));
        }
        let answer = self.ask("POST", path, &form)?;
        ensure!(answer.status == 303, "{path}: {}", answer.body);
        Ok(())
    }

    fn ask(&mut self, method: &str, path: &str, form: &str) -> Result<Page> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            cookies.join("; "),
            form.len(),
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").context("an HTTP answer")?;
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok())
            .context("a status")?;
        for line in lines {
            let Some((header, value)) = line.split_once(": ") else {
                continue;
            };
            if header.eq_ignore_ascii_case("set-cookie") {
                let cookie = value.split(';').next().unwrap_or_default();
                let (name, value) = cookie.split_once('=').context("a cookie")?;
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Page {
            status,
            body: body.to_owned(),
        })
    }
}

/// As forms carry text.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
