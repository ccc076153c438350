//! Compiles the screens and builds the translations in.

use std::path::Path;

use slint_build::{CompilerConfiguration, DefaultTranslationContext};

fn main() {
    for font in ["TallymanSans-Regular.otf", "TallymanSans-Bold.otf"] {
        let path = Path::new("ui/fonts").join(font);
        println!("cargo::rerun-if-changed={}", path.display());
        if !path.exists() {
            stop(&format!(
                "device-app/ui/fonts/{font} is missing. Run scripts/setup-fonts once, then build again."
            ));
        }
    }
    let config = CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_bundled_translations("lang")
        // One English sentence has one translation, wherever it stands.
        .with_default_translation_context(DefaultTranslationContext::None)
        // Tests find elements by their id; a release has no use for the names.
        .with_debug_info(std::env::var("PROFILE").is_ok_and(|profile| profile == "debug"));
    if let Err(error) = slint_build::compile_with_config("ui/app-window.slint", config) {
        stop(&error.to_string());
    }
}

fn stop(message: &str) -> ! {
    for line in message.lines() {
        println!("cargo::error={line}");
    }
    std::process::exit(1);
}
