//! Signatures as Standard Webhooks says (standardwebhooks.com, specification 1.0): HMAC-SHA256 over id, time and body.

use data_encoding::BASE64;
use domain::UnixMillis;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// A secret as its receiver is given it.
pub fn secret_text(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

/// What goes into `webhook-signature`: one signature for each secret that is in force.
pub fn signatures(secrets: &[&[u8]], id: &str, at: UnixMillis, body: &str) -> String {
    let said = format!("{id}.{}.{body}", at.div_euclid(1_000));
    let one = |secret: &&[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(said.as_bytes());
        Some(format!(
            "v1,{}",
            BASE64.encode(&mac.finalize().into_bytes())
        ))
    };
    let all: Vec<String> = secrets.iter().filter_map(one).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification() {
        let secret = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = signatures(
            &[&secret],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330_000,
            body,
        );
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(&[&secret, &[1; 32]], "a", 0, body);
        assert_eq!(both.split(' ').count(), 2);
    }
}
