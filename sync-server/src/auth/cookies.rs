//! Reading and writing cookies.

use axum::http::{HeaderMap, HeaderValue, header};

/// Holds the session's token.
pub const SESSION: &str = "tm_session";
/// Holds a random token for visitors who have not signed in, so that their forms are guarded too.
pub const VISIT: &str = "tm_visit";
/// The chosen language.
pub const LANGUAGE: &str = "tm_lang";
/// The chosen look: light, dark, or as the system says.
pub const THEME: &str = "tm_theme";

/// The value of the first cookie with that name.
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, _)| *found == name)
        .map(|(_, value)| value)
}

/// A `Set-Cookie` value. `max_age_s`: seconds to keep it; `None`: until the browser is closed; 0: remove it.
pub fn write(name: &str, value: &str, max_age_s: Option<i64>, secure: bool) -> Option<HeaderValue> {
    let mut line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict");
    if let Some(seconds) = max_age_s {
        line.push_str(&format!("; Max-Age={seconds}"));
    }
    if secure {
        line.push_str("; Secure");
    }
    HeaderValue::from_str(&line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_its_own_cookie_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; tm_lang=zh; b=tm_lang=en"),
        );
        headers.append(header::COOKIE, HeaderValue::from_static("tm_theme=dark"));
        assert_eq!(read(&headers, LANGUAGE), Some("zh"));
        assert_eq!(read(&headers, THEME), Some("dark"));
        assert_eq!(read(&headers, SESSION), None);
    }

    #[test]
    fn is_out_of_reach_of_scripts_and_other_sites() {
        let cookie = write(SESSION, "x", Some(60), true).unwrap();
        assert_eq!(
            cookie,
            "tm_session=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure"
        );
    }
}
