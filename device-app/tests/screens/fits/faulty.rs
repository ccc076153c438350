//! The rules find what they are for: windows with one fault each, and one without.

use i_slint_backend_testing::{TestingBackend, TestingBackendOptions};
use slint::ComponentHandle;

use super::rules::faults;
use crate::scene::Scene;

mod windows {
    #![allow(
        clippy::all,
        clippy::unwrap_used,
        unreachable_pub,
        unused,
        reason = "the code is generated"
    )]
    slint::slint! {
        export component Faulty inherits Window {
            in property <string> fault;
            width: 300px;
            height: 300px;
            background: white;
            if root.fault == "elided": Text { x: 0; y: 0; width: 40px; text: "Hex bolt M8"; overflow: elide; }
            if root.fault == "too-wide": Text { x: 0; y: 0; width: 40px; text: "Hex bolt M8"; }
            if root.fault == "long-word": Text { x: 0; y: 0; width: 40px; text: "04006381333931"; wrap: word-wrap; }
            if root.fault == "too-low": Text { x: 0; y: 0; width: 60px; height: 20px; text: "Hex bolt M8 zinc plated"; wrap: word-wrap; }
            if root.fault == "clipped": Rectangle {
                x: 0; y: 0; width: 100px; height: 12px; clip: true;
                Text { y: 0; text: "Hex bolt"; }
            }
            if root.fault == "out-of-box": Rectangle {
                x: 0; y: 0; width: 100px; height: 12px; background: yellow;
                Text { y: 0; text: "Hex bolt"; }
            }
            if root.fault == "out-of-window": Text { x: 290px; text: "Hex bolt"; }
            if root.fault == "overlap": Rectangle {
                Text { x: 0; y: 0; text: "Hex bolt"; }
                Text { x: 10px; y: 5px; text: "Gloves"; }
            }
            if root.fault == "half-covered": Rectangle {
                Text { x: 0; y: 0; text: "Hex bolt"; }
                Rectangle { x: 20px; y: 0; width: 100px; height: 100px; background: red; }
            }
            if root.fault == "on-drawing": Rectangle {
                Path { x: 0; y: 0; width: 30px; height: 30px; stroke: black; commands: "M 0 0 L 9 9"; }
                Text { x: 10px; y: 5px; text: "Hex bolt"; }
            }
            if root.fault == "small": Rectangle {
                width: 47px; height: 60px; accessible-role: button; accessible-label: "Undo";
            }
            if root.fault == "low-main": Rectangle {
                width: 200px; height: 60px; accessible-role: button; accessible-label: "Done"; accessible-id: "main-action";
            }
            if root.fault == "close": Rectangle {
                Rectangle { x: 0; y: 0; width: 52px; height: 60px; accessible-role: button; accessible-label: "One"; }
                Rectangle { x: 55px; y: 0; width: 52px; height: 60px; accessible-role: button; accessible-label: "Two"; }
            }
            if root.fault == "no-label": Rectangle { width: 60px; height: 60px; accessible-role: button; }
            if root.fault == "mute": TouchArea { width: 60px; height: 60px; }
            if root.fault == "none": Rectangle {
                background: white;
                Text { x: 0; y: 0; width: 60px; text: "Hex bolt M8 zinc plated"; wrap: word-wrap; }
                Rectangle { x: 0; y: 150px; width: 60px; height: 64px; accessible-role: button; accessible-label: "One";
                    accessible-id: "main-action"; TouchArea { } }
                Rectangle { x: 60px; y: 150px; width: 60px; height: 60px; accessible-role: button; accessible-label: "Two"; }
                Flickable { y: 220px; height: 80px; content-height: 400px;
                    Text { x: 0; y: 300px; text: "Below the fold"; }
                }
            }
            if root.fault == "covered": Rectangle {
                Text { x: 0; y: 0; width: 40px; text: "Hex bolt M8"; overflow: elide; }
                Rectangle { background: white; }
            }
        }
    }
}

#[test]
fn each_fault_is_found() {
    slint::platform::set_platform(Box::new(TestingBackend::new(TestingBackendOptions {
        mock_time: true,
        threading: false,
        renderer_name: Some("software".into()),
    })))
    .unwrap();
    let window = windows::Faulty::new().unwrap();
    window.show().unwrap();
    let check = |fault: &str, expected: &[&str]| {
        window.set_fault(fault.into());
        let found = faults(&Scene::of(window.window()));
        let as_expected = found.len() == expected.len()
            && found
                .iter()
                .zip(expected)
                .all(|(one, words)| one.contains(words));
        assert!(as_expected, "{fault}: {found:#?}");
    };
    check("elided", &["needs a width"]);
    check("too-wide", &["needs a width"]);
    check("long-word", &["needs a width"]);
    check("too-low", &["needs a height"]);
    check("clipped", &["is clipped to"]);
    check("out-of-box", &["leaves its box"]);
    check("out-of-window", &["is clipped to"]);
    check("overlap", &["overlap"]);
    check("half-covered", &["is half covered"]);
    check("on-drawing", &["overlap"]);
    check("small", &["is only 47 x 60"]);
    check("low-main", &["is only 200 x 60, not 64"]);
    check("close", &["too close"]);
    check("no-label", &["has no label"]);
    check("mute", &["nothing is read out"]);
    check("covered", &[]);
    check("none", &[]);
}
