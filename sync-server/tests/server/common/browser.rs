//! A browser without a screen: keeps cookies, fills in form tokens, talks to the Router itself.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .map_or("", |v| v.to_str().unwrap())
    }

    /// The hidden form token of the page.
    pub fn csrf(&self) -> String {
        self.field("csrf")
    }

    /// The value of the last hidden field with that name; the frame's own forms come first.
    pub fn field(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.rsplit_once(&mark).expect(name);
        rest.split('"').next().unwrap().to_owned()
    }
}

#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            cookies: BTreeMap::new(),
            language: "zh-CN",
        }
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    /// Posts fields as they are, without adding a token.
    pub async fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &kind, Body::from(body)).await
    }

    /// Opens the page and posts a form of it.
    pub async fn post_from(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).await.csrf();
        let mut all = vec![("csrf", token.as_str())];
        all.extend(fields);
        self.post_raw(path, &all).await
    }

    /// Opens the page and sends a file.
    pub async fn upload(&mut self, page: &str, path: &str, name: &str, file: &[u8]) -> Answer {
        let asked = self.get(page).await;
        let token = match asked.body.contains("name=\"csrf\"") {
            true => asked.csrf(),
            false => String::new(),
        };
        let mut body = Vec::new();
        for (field, value) in [("csrf", token.as_bytes()), ("file", file)] {
            let extra = if field == "file" {
                format!("; filename=\"{name}\"\r\nContent-Type: text/csv")
            } else {
                String::new()
            };
            body.extend_from_slice(
                format!("--XX\r\nContent-Disposition: form-data; name=\"{field}\"{extra}\r\n\r\n")
                    .as_bytes(),
            );
            body.extend_from_slice(value);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--XX--\r\n");
        let kind = [("content-type", "multipart/form-data; boundary=XX")];
        self.send(Method::POST, path, &kind, Body::from(body)).await
    }

    /// Sends one field of text as a form with files does.
    pub async fn upload_text(&mut self, path: &str, field: &str, text: &str) -> Answer {
        let body = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n--XX--\r\n"
        );
        let kind = [("content-type", "multipart/form-data; boundary=XX")];
        self.send(Method::POST, path, &kind, Body::from(body)).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept-language", self.language);
        if !self.cookies.is_empty() {
            let line: Vec<String> = self
                .cookies
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() || cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        let bytes = to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }
}
