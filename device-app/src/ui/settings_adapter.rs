//! How the device looks, sounds and scans.

use slint::ComponentHandle;

use super::Events;
use super::convert::{count, sentence};
use super::generated::{
    AppWindow, Keyboard, Look, SettingsState, Shell, Theme as ThemeTokens, Type,
};
use crate::view::{Appearance, Language, SettingsView, Theme, UiEvent};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let state = app.global::<SettingsState>();
    let send = events.clone();
    state.on_practise(move |on| send(UiEvent::Practise(on)));
    let send = events.clone();
    state.on_set_language(move |at| {
        if let Some(language) = choice(&Language::ALL, at) {
            send(UiEvent::SetLanguage(language));
        }
    });
    let send = events.clone();
    state.on_set_theme(move |at| {
        if let Some(theme) = choice(&Theme::ALL, at) {
            send(UiEvent::SetTheme(theme));
        }
    });
    let send = events.clone();
    state.on_set_text_percent(move |percent| send(UiEvent::SetTextPercent(positive(percent))));
    let send = events.clone();
    state.on_set_left_handed(move |on| send(UiEvent::SetLeftHanded(on)));
    let send = events.clone();
    state.on_set_screen_keyboard(move |on| send(UiEvent::SetScreenKeyboard(on)));
    let send = events.clone();
    state.on_set_sound(move |on| send(UiEvent::SetSound(on)));
    let send = events.clone();
    state.on_set_volume(move |volume| send(UiEvent::SetVolume(positive(volume))));
    let send = events.clone();
    state.on_set_vibration_only(move |on| send(UiEvent::SetVibrationOnly(on)));
    let send = events.clone();
    state.on_set_camera(move |on| send(UiEvent::SetCamera(on)));
    let send = events.clone();
    state.on_set_metered(move |on| send(UiEvent::SetMetered(on)));
}

fn choice<T: Copy>(all: &[T], at: i32) -> Option<T> {
    all.get(usize::try_from(at).ok()?).copied()
}

fn positive(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

pub(super) fn show(app: &AppWindow, view: &SettingsView) {
    let state = app.global::<SettingsState>();
    state.set_can_practise(view.can_practise);
    state.set_practises(view.practises);
    state.set_sound(view.sound);
    state.set_volume(count(view.volume));
    state.set_vibration_only(view.vibration_only);
    state.set_camera(view.camera);
    state.set_metered(view.metered);
    state.set_pin_protection(sentence(Some(&view.pin_protection)));
    state.set_version((&view.version).into());
    state.set_device_name((&view.device_name).into());
    super::printing_adapter::show_printer(app, &view.printer);
}

/// Applies to every screen.
pub(super) fn show_appearance(app: &AppWindow, appearance: &Appearance) {
    app.global::<ThemeTokens>()
        .set_look(match appearance.theme {
            Theme::Light => Look::Light,
            Theme::Dark => Look::Dark,
            Theme::Sun => Look::Sun,
        });
    let percent = appearance.text_percent.clamp(100, 130);
    app.global::<Type>().set_scale(percent as f32 / 100.0);
    app.global::<SettingsState>()
        .set_text_percent(count(percent));
    app.global::<Shell>()
        .set_left_handed(appearance.left_handed);
    app.global::<Keyboard>()
        .set_allowed(appearance.screen_keyboard);
    app.global::<Keyboard>()
        .set_begins_with_pinyin(appearance.pinyin);
    if app.global::<SettingsState>().get_language() != place_of(appearance.language) {
        select_language(app, appearance.language);
    }
}

fn place_of(language: Language) -> i32 {
    match language {
        Language::English => 0,
        Language::Chinese => 1,
    }
}

pub(super) fn select_language(app: &AppWindow, language: Language) {
    let folder = match language {
        // English stands in the screens themselves.
        Language::English => "",
        Language::Chinese => language.code(),
    };
    // It fails only for a language that is not built in, and then English is shown.
    let _ = slint::select_bundled_translation(folder);
    app.global::<SettingsState>()
        .set_language(place_of(language));
}
