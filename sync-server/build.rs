//! Says what to do where the font of the reports has not been made yet.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

fn main() {
    let font = "../device-app/ui/fonts/TallymanSans-Regular.otf";
    println!("cargo:rerun-if-changed={font}");
    assert!(
        std::path::Path::new(font).exists(),
        "{font} is missing: run scripts/setup-fonts"
    );
}
