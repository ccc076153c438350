//! A receipt as a file that people keep: a PDF with the receipt's bytes behind it, and a signature over every byte before
//! the signature itself.
//!
//! What stands behind a PDF's end are comments (ISO 32000-2, 7.2.4), and readers look for the last `startxref`, which is
//! said again: the file stays a PDF like any other, and no byte of it can change unnoticed.

use crate::keys::{PublicKey, Purpose, Signature, SigningKey};
use crate::receipt::{Receipt, ReceiptError, Signer};
use domain::OrganisationId;

/// Files are no larger than this, in bytes.
pub const FILE_BYTES_MAX: usize = 8 << 20;

const RECEIPT: &[u8] = b"\n%tallyman-receipt ";
const SIGNATURE: &[u8] = b"%tallyman-signature ";
/// The signature's line: its words, 64 bytes in hexadecimal, the end of the line.
const SIGNATURE_LINE: usize = SIGNATURE.len() + 128 + 1;

/// Whether bytes are such a file, rather than a bare receipt.
pub fn is_file(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

fn to_hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// One way to write each byte: small letters alone.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(value(*high)? << 4 | value(*low)?))
        .collect()
}

fn last(bytes: &[u8], words: &[u8]) -> Option<usize> {
    bytes.windows(words.len()).rposition(|w| w == words)
}

/// Puts a receipt behind a PDF and signs both; `None` if `pdf` is none. `key`: the one that signed the receipt.
pub fn bind(pdf: &[u8], receipt: &[u8], key: &SigningKey) -> Option<Vec<u8>> {
    let start = last(pdf, b"startxref").filter(|_| is_file(pdf))?;
    let digits: Vec<u8> = pdf
        .get(start + b"startxref".len()..)?
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take_while(u8::is_ascii_digit)
        .collect();
    let mut file = pdf.to_vec();
    file.extend_from_slice(RECEIPT);
    file.extend_from_slice(&to_hex(receipt));
    file.extend_from_slice(b"\nstartxref\n");
    file.extend_from_slice(&digits);
    file.extend_from_slice(b"\n%%EOF\n");
    let signature = key.sign(Purpose::ReceiptFile, &file);
    file.extend_from_slice(SIGNATURE);
    file.extend_from_slice(&to_hex(signature.as_bytes()));
    file.push(b'\n');
    Some(file)
}

/// Reads and verifies a receipt: the file that [`bind`] made, or the receipt's bytes alone. `organisation`: whose it has to be,
/// if that is known; `server`: its public key.
///
/// # Errors
/// [`ReceiptError`]; [`ReceiptError::Unreadable`] for a PDF with no receipt in it.
pub fn verify(
    bytes: &[u8],
    organisation: Option<OrganisationId>,
    server: &PublicKey,
) -> Result<(Receipt, Signer), ReceiptError> {
    let read = |receipt: &[u8]| match organisation {
        Some(organisation) => Receipt::verify(receipt, organisation, server),
        None => Receipt::verify_by_key(receipt, server),
    };
    if !is_file(bytes) {
        return read(bytes);
    }
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ReceiptError::Unreadable);
    }
    let at = last(bytes, RECEIPT).ok_or(ReceiptError::Unreadable)?;
    let line: Vec<u8> = bytes
        .iter()
        .skip(at + RECEIPT.len())
        .take_while(|byte| **byte != b'\n')
        .copied()
        .collect();
    let receipt = from_hex(&line).ok_or(ReceiptError::Forged)?;
    let (receipt, signer) = read(&receipt).map_err(|error| match error {
        ReceiptError::Unreadable => ReceiptError::Forged,
        other => other,
    })?;
    let end = bytes.len().checked_sub(SIGNATURE_LINE);
    let (signed, line) = bytes.split_at(end.ok_or(ReceiptError::Forged)?);
    let signature = line
        .strip_prefix(SIGNATURE)
        .and_then(|rest| rest.strip_suffix(b"\n"))
        .and_then(from_hex)
        .and_then(|bytes| Signature::from_slice(&bytes));
    let key = match &signer {
        Signer::Server => *server,
        Signer::Device(certificate) => certificate.key,
    };
    match signature {
        Some(signature) if key.verify(Purpose::ReceiptFile, signed, &signature) => {
            Ok((receipt, signer))
        }
        _ => Err(ReceiptError::Forged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::tests::{US, receipt};

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nxref\nstartxref\n31\n%%EOF";

    #[test]
    fn a_change_of_any_byte_of_the_file_is_told() {
        let server = SigningKey::from_seed(&[1; 32]);
        let bytes = receipt().sign(&server, None);
        let file = bind(PDF, &bytes, &server).unwrap();
        let check = |file: &[u8]| verify(file, Some(US), &server.public());
        assert_eq!(check(&file).unwrap().0, receipt());
        assert_eq!(
            verify(&file, None, &server.public())
                .unwrap()
                .0
                .organisation,
            US
        );
        assert_eq!(check(&bytes).unwrap().0, receipt());
        for at in 0..file.len() {
            for bit in [1, 0x20, 0x80] {
                let mut changed = file.clone();
                changed[at] ^= bit;
                assert!(check(&changed).is_err(), "{at}");
            }
            assert!(check(&file[..at]).is_err(), "{at}");
        }
        for more in [&b"\n"[..], b" ", b"%", b"\n%%EOF\n"] {
            assert!(check(&[&file[..], more].concat()).is_err());
        }
        // Where a reader begins is said once more at the end, within the part that it looks at.
        let tail = &file[file.len() - 1_024.min(file.len())..];
        assert!(last(tail, b"startxref\n31\n%%EOF").is_some());
    }

    #[test]
    fn a_pdf_without_a_receipt_and_one_of_another_key_are_none() {
        let (server, other) = (
            SigningKey::from_seed(&[1; 32]),
            SigningKey::from_seed(&[2; 32]),
        );
        let check = |file: &[u8]| verify(file, Some(US), &server.public()).map(|_| ());
        assert_eq!(check(PDF), Err(ReceiptError::Unreadable));
        let bytes = receipt().sign(&server, None);
        assert_eq!(bind(b"no pdf", &bytes, &server), None);
        // A genuine receipt under another picture.
        let file = bind(PDF, &bytes, &other).unwrap();
        assert_eq!(check(&file), Err(ReceiptError::Forged));
        let forged = bind(PDF, &receipt().sign(&other, None), &other).unwrap();
        assert_eq!(check(&forged), Err(ReceiptError::Forged));
    }
}
