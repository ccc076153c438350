//! `/c/deposits/{id}/sign`: a customer signs on their own telephone that they got the goods.

use axum::extract::{Path, State};
use axum::response::Response;
use data_encoding::BASE64;
use domain::EventHash;
use serde::Deserialize;

use super::left::{one, page, to_start};
use super::session::Customer;
use super::{Address, for_stranger};
use crate::auth::{CsrfForm, Visitor};
use crate::console::handlers::{done, id_of};
use crate::error::AppError;
use crate::guard::noted_of;
use crate::state::AppState;

/// A drawing of a name is a few kilobytes.
const PICTURE_BYTES_MAX: usize = 128 << 10;
/// Width and height of the picture, in pixels.
const SIDE: std::ops::RangeInclusive<u32> = 40..=2_000;
const PREFIX: &str = "data:image/png;base64,";

#[derive(Deserialize)]
pub(crate) struct SignForm {
    /// The act that is signed for, as a hash.
    #[serde(default)]
    act: String,
    /// The drawing, as an address that holds it (RFC 2397).
    #[serde(default)]
    picture: String,
}

/// The PNG in the form, or the key of what is wrong with it.
fn picture(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.is_empty() {
        return Err("customer.sign-empty");
    }
    if text.len() > PREFIX.len() + PICTURE_BYTES_MAX / 3 * 4 + 4 {
        return Err("customer.sign-large");
    }
    let encoded = text.strip_prefix(PREFIX).ok_or("customer.sign-empty")?;
    let bytes = BASE64.decode(encoded.as_bytes());
    let bytes = bytes.map_err(|_| "customer.sign-empty")?;
    // Signature, then a chunk IHDR of 13 bytes that begins with both sides (PNG, 5.2 and 11.2.1); IEND is the last chunk.
    let number = |at: usize| -> Option<u32> {
        let four = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes(four.try_into().ok()?))
    };
    let begins = bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let ends = bytes.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82");
    let sides = [number(16), number(20)];
    let fits = sides
        .iter()
        .all(|side| side.is_some_and(|side| SIDE.contains(&side)));
    match begins && ends && fits {
        true => Ok(bytes),
        false => Err("customer.sign-empty"),
    }
}

pub(crate) async fn sign(
    State(app): State<AppState>,
    visitor: Visitor,
    Customer(looks): Customer,
    Path(id): Path<String>,
    from: Address,
    CsrfForm(form): CsrfForm<SignForm>,
) -> Result<Response, AppError> {
    let now = app.now();
    app.public().ask(&from, now)?;
    let Some(found) = one(&app, looks, &id).await? else {
        return Ok(to_start());
    };
    let again = |key| page(&app, &visitor, found, Default::default(), Some(key));
    let picture = match picture(&form.picture) {
        Ok(picture) => picture,
        Err(key) => return again(key),
    };
    let Some(act) = EventHash::from_hex(&form.act) else {
        return again("customer.sign-nothing");
    };
    let deposit = id_of(&id)?;
    let is_kept = for_stranger(&app, move |data| {
        data.acknowledge(deposit, act, &picture, now)
    });
    match is_kept.await? {
        true => {
            app.committed();
            let response = done(&format!("/c/deposits/{id}"), "signed");
            Ok(noted_of(response, 0, ""))
        }
        false => again("customer.sign-nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_small_picture_is_a_signature() {
        let png = |width: u32, height: u32| {
            let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
            png.extend(width.to_be_bytes());
            png.extend(height.to_be_bytes());
            png.extend(b"\x08\x02\0\0\0\0\0\0\0");
            png.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
            png
        };
        let form = |bytes: &[u8]| format!("{PREFIX}{}", BASE64.encode(bytes));
        let sound = png(600, 240);
        assert_eq!(picture(&form(&sound)), Ok(sound.clone()));
        for (text, key) in [
            (String::new(), "empty"),
            (form(b"<svg onload=alert(1)>"), "empty"),
            (form(&sound[..sound.len() - 1]), "empty"),
            (form(&png(60_000, 240)), "empty"),
            (form(&png(600, 1)), "empty"),
            (form(&sound).replace("png", "svg+xml"), "empty"),
            (format!("{PREFIX}!!!!"), "empty"),
            (form(&vec![0; PICTURE_BYTES_MAX + 100]), "large"),
        ] {
            assert_eq!(picture(&text), Err(format!("customer.sign-{key}").as_str()));
        }
    }
}
