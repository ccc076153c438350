use proptest::prelude::*;

use super::*;

fn bracketed(text: &str) -> String {
    let epc = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    crate::gs1::encode_bracketed(&epc.elements).unwrap()
}

/// Examples of the standard (appendix E), and further ones made with the Python library `epcpy`.
#[test]
fn binary_codes() {
    for (hex, elements) in [
        ("3074257BF7194E4000001A85", "(01)80614141123458(21)6789"),
        ("3060393243F1660000000001", "(01)80614141123458(21)1"),
        (
            "30783BF9A2CDA03FFFFFFFFF",
            "(01)90614141234564(21)274877906943",
        ),
        (
            "3674257BF6B7A659B2C2BF100000000000000000000000000000",
            "(01)70614141123451(21)32a/b",
        ),
        // The last word without the two bits that nothing needs.
        (
            "3674257BF6B7A659B2C2BF1000000000000000000000000000",
            "(01)70614141123451(21)32a/b",
        ),
        (
            "36783BF9A2CDA0193768E1BB772C1B3968CC0000000000000000",
            "(01)90614141234564(21)274877906943",
        ),
        ("3174257BF4499602D2000000", "(00)106141412345678908"),
        ("31783BF9953E0106D2000000", "(00)906141412345678904"),
        ("3274257BF46072000000162E", "(414)0614141123452(254)5678"),
        ("3260393243F1640000000000", "(414)0614141123452"),
        (
            "3974257BF46072CD9615F8800000000000000000000000000000",
            "(414)0614141123452(254)32a/b",
        ),
        ("3374257BF40C0E400000162E", "(8003)006141411234525678"),
        (
            "3774257BF40C0E59B2C2BF1000000000000000000000",
            "(8003)0061414112345232a/b",
        ),
        ("3474257BF40000000000162E", "(8004)06141415678"),
        (
            "3874257BF59B2C2BF10000000000000000000000000000000000",
            "(8004)061414132a/b",
        ),
    ] {
        assert_eq!(bracketed(hex), elements, "{hex}");
        assert_eq!(bracketed(&format!(" {}\r", hex.to_lowercase())), elements);
        assert_eq!(parse(hex).unwrap().filter, Some(3), "{hex}");
        assert!(matches!(parse_if_epc(hex), Some(Ok(_))), "{hex}");
    }
}

#[test]
fn uris() {
    for (uri, elements) in [
        (
            "urn:epc:id:sgtin:0614141.812345.6789",
            "(01)80614141123458(21)6789",
        ),
        (
            "URN:EPC:ID:SGTIN:0614141.812345.6789",
            "(01)80614141123458(21)6789",
        ),
        (
            "urn:epc:id:sgtin:0614141.712345.32a%2Fb",
            "(01)70614141123451(21)32a/b",
        ),
        (
            "urn:epc:id:sgtin:0614141.712345.1.2",
            "(01)70614141123451(21)1.2",
        ),
        (
            "urn:epc:id:sgtin:061414112345.8.1",
            "(01)80614141123458(21)1",
        ),
        (
            "urn:epc:id:sscc:0614141.1234567890",
            "(00)106141412345678908",
        ),
        (
            "urn:epc:id:sgln:0614141.12345.5678",
            "(414)0614141123452(254)5678",
        ),
        ("urn:epc:id:sgln:061414112345..0", "(414)0614141123452"),
        (
            "urn:epc:id:grai:0614141.12345.32a%2Fb",
            "(8003)0061414112345232a/b",
        ),
        ("urn:epc:id:giai:0614141.32a%2Fb", "(8004)061414132a/b"),
        ("urn:epc:id:giai:0614141.1.2", "(8004)06141411.2"),
        (
            "urn:epc:class:lgtin:0614141.712345.L7",
            "(01)70614141123451(10)L7",
        ),
        (
            "urn:epc:tag:sgtin-96:3.0614141.812345.6789",
            "(01)80614141123458(21)6789",
        ),
        (
            "urn:epc:tag:sgtin-198:3.0614141.712345.32a%2Fb",
            "(01)70614141123451(21)32a/b",
        ),
        (
            "urn:epc:tag:sscc-96:0.0614141.1234567890",
            "(00)106141412345678908",
        ),
        (
            "urn:epc:tag:grai-96:3.0614141.12345.5678",
            "(8003)006141411234525678",
        ),
        ("urn:epc:tag:giai-96:3.0614141.5678", "(8004)06141415678"),
    ] {
        assert_eq!(bracketed(uri), elements, "{uri}");
    }
    assert_eq!(
        parse("urn:epc:tag:sgtin-96:3.0614141.812345.6789")
            .unwrap()
            .filter,
        Some(3)
    );
    assert_eq!(
        parse("urn:epc:id:sgtin:0614141.812345.6789")
            .unwrap()
            .filter,
        None
    );
}

#[test]
fn fields_of_an_epc() {
    let fields = parse("3074257BF7194E4000001A85").unwrap().fields().unwrap();
    assert_eq!(
        (fields.gtin.as_deref(), fields.serial.as_deref()),
        (Some("80614141123458"), Some("6789"))
    );
}

#[test]
fn faults() {
    let check = |text: &str, code: &str| {
        let error = parse(text).map_err(|error| error.code());
        assert_eq!(error, Err(code), "{text}");
    };
    for text in ["", "3", "hello", "库", "urn:isbn:1", "30GG"] {
        check(text, "epc-not-an-epc");
    }
    check(&"3".repeat(129), "epc-not-an-epc");
    // A tag that nobody wrote, the identity of a chip, and a newer scheme.
    check("000000000000000000000000", "epc-unknown-header");
    check("E28011700000020F12345678", "epc-unknown-header");
    check("F74257BF7194E4000001A850", "epc-unknown-header");
    check("3074257BF7194E4000001A", "epc-wrong-length");
    check("3074257BF7194E4000001A8500", "epc-wrong-length");
    // Partition 7 is in no table.
    check("307C257BF7194E4000001A85", "epc-bad-partition");
    // A company prefix and a reference with more digits than the partition has.
    check("3077FFFFF7194E4000001A85", "epc-bad-field");
    check("3074257BF7FFFFC000001A85", "epc-bad-field");
    // Something behind an SSCC, and behind the end of a serial number.
    check("3174257BF4499602D2000001", "epc-bad-field");
    check(
        "3674257BF6B7A659B2C2BF100000000000000000000000000040",
        "epc-bad-field",
    );
    check(
        "3674257BF6B7A659B2C2BF100000000000000000000000000001",
        "epc-bad-field",
    );
    // A serial number with nothing in it, and with a character that no label may hold.
    check(
        "3674257BF6B7A600000000000000000000000000000000000000",
        "epc-bad-element",
    );
    check("urn:epc:id:sgtin:0614141.712345.%20", "epc-bad-element");
    for uri in [
        "urn:epc:",
        "urn:epc:id:sgtin",
        "urn:epc:id:itip:0614141.1.2",
        "urn:epc:id:lgtin:0614141.712345.L7",
        "urn:epc:class:sgtin:0614141.712345.1",
        "urn:epc:idpat:sgtin:0614141.712345.*",
        "urn:epc:raw:96.x3074257BF7194E4000001A85",
        "urn:epc:tag:sgtin:3.0614141.812345.6789",
        "urn:epc:id:sgtin:0614141.812345",
        "urn:epc:id:sscc:0614141",
    ] {
        check(uri, "epc-bad-uri");
    }
    for uri in [
        "urn:epc:id:sgtin:06141.81234512.6789",
        "urn:epc:id:sgtin:0614141.81234.6789",
        "urn:epc:id:sgtin:0614141.81234X.6789",
        "urn:epc:id:sgtin:0614141.812345.6%2",
        "urn:epc:id:sgtin:0614141.812345.6%FF",
        "urn:epc:id:grai:0614141.12345.",
        "urn:epc:tag:sgtin-96:8.0614141.812345.6789",
        "urn:epc:tag:sgtin-96:03.0614141.812345.6789",
        "urn:epc:id:sscc:06141411234567890.",
    ] {
        check(uri, "epc-bad-field");
    }
}

#[test]
fn only_texts_that_show_it_are_claimed() {
    for plain in [
        "4006381333931",
        // Twenty-four digits with the header of an SGTIN.
        "303400000000004000000001",
        "65a1f0c2e4b0d1a2b3c4d5e6",
        "3074257BF7194E4000001A",
        "hello",
        "",
    ] {
        assert_eq!(parse_if_epc(plain), None, "{plain}");
    }
    assert!(matches!(
        parse_if_epc("urn:epc:id:x:1"),
        Some(Err(EpcError::BadUri))
    ));
    assert!(matches!(
        parse_if_epc("307C257BF7194E4000001A85"),
        Some(Err(EpcError::BadPartition { partition: 7 }))
    ));
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse(&text);
        let _ = parse(&format!("urn:epc:{text}"));
    }

    #[test]
    fn no_hexadecimal_digits_panic(text in "3[0-9][0-9A-F]{22}([0-9A-F]{20,28})?") {
        if let Ok(epc) = parse(&text) {
            // What was read keeps the rules of labels.
            prop_assert!(crate::gs1::encode(&epc.elements).is_ok());
            prop_assert!(epc.fields().is_some());
        }
    }

    #[test]
    fn no_uri_panics(text in "(id|tag|class):(sgtin|sscc|sgln|grai|giai|lgtin)(-96|-198)?:[0-9.%A-F]{0,40}") {
        let _ = parse(&format!("urn:epc:{text}"));
    }
}
