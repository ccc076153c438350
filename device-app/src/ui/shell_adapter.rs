//! What surrounds every screen: chip, feedback, banner, question, navigation.

use slint::ComponentHandle;

use super::Events;
use super::convert::{count, sentence};
use super::generated::{
    AppWindow, CameraHintKind, CameraKind, ConnectionKind, OutcomeKind, PlaceKind, Sentence, Shell,
};
use crate::view::{Camera, CameraHint, Connection, Outcome, Place, UiEvent, View};

pub(super) fn connect(app: &AppWindow, events: &Events) {
    let shell = app.global::<Shell>();
    let send = events.clone();
    shell.on_open(move |place| {
        if let Some(place) = place_of(place) {
            send(UiEvent::Open(place));
        }
    });
    let send = events.clone();
    shell.on_back(move || send(UiEvent::Back));
    let send = events.clone();
    shell.on_sign_out(move || send(UiEvent::SignOut));
    let send = events.clone();
    shell.on_acknowledge(move || send(UiEvent::Acknowledge));
    let send = events.clone();
    shell.on_dismiss_banner(move || send(UiEvent::DismissBanner));
    let send = events.clone();
    shell.on_answer(move |code| send(UiEvent::Action(code.into())));
}

fn place_of(place: PlaceKind) -> Option<Place> {
    Some(match place {
        PlaceKind::Home => Place::Home,
        PlaceKind::LookUp => Place::LookUp,
        PlaceKind::History => Place::History,
        PlaceKind::Sync => Place::Sync,
        PlaceKind::Nearby => Place::Nearby,
        PlaceKind::Settings => Place::Settings,
        PlaceKind::Scanner => Place::Scanner,
        PlaceKind::Printing => Place::Printing,
        PlaceKind::Gallery => Place::Gallery,
        PlaceKind::None => return None,
    })
}

pub(super) fn show(app: &AppWindow, view: &View) {
    let shell = app.global::<Shell>();
    shell.set_operator(view.operator.as_deref().unwrap_or_default().into());
    shell.set_practice(view.practice);

    shell.set_connection(match view.chip.connection {
        Connection::Offline => ConnectionKind::Offline,
        Connection::Online => ConnectionKind::Online,
        Connection::Syncing => ConnectionKind::Syncing,
        Connection::StayOffline => ConnectionKind::StayOffline,
    });
    shell.set_waiting(count(view.chip.waiting));
    shell.set_data_age(view.chip.data_age_seconds.map_or(-1, |s| count(s / 60)));

    match &view.feedback {
        None => shell.set_outcome(OutcomeKind::None),
        Some(feedback) => {
            shell.set_feedback(Sentence::from(&feedback.message));
            shell.set_raw_code((&feedback.raw_code).into());
            shell.set_now(sentence(feedback.now.as_ref()));
            shell.set_also_read(count(feedback.also_read));
            shell.set_feedback_number(count(feedback.number));
            shell.set_outcome(match feedback.outcome {
                Outcome::Accepted => OutcomeKind::Accepted,
                Outcome::Attention => OutcomeKind::Attention,
                Outcome::Refused => OutcomeKind::Refused,
            });
        }
    }
    shell.set_banner(sentence(view.banner.as_ref()));
    shell.set_warning(sentence(
        view.warning.as_ref().map(|warning| &warning.message),
    ));
    shell.set_warning_grave(view.warning.as_ref().is_some_and(|warning| warning.grave));
    shell.set_asking(view.question.is_some());
    if let Some(question) = &view.question {
        shell.set_question(Sentence::from(&question.message));
        shell.set_yes((&question.yes).into());
        shell.set_no((&question.no).into());
    }
    shell.set_camera(match view.camera {
        Camera::Off => CameraKind::Off,
        Camera::On => CameraKind::On,
        Camera::Missing => CameraKind::Missing,
        Camera::Refused => CameraKind::Refused,
    });
}

/// Something stands over the screen.
pub(super) fn is_covered(app: &AppWindow) -> bool {
    let shell = app.global::<Shell>();
    shell.get_asking() || shell.get_outcome() == OutcomeKind::Refused
}

/// What helps the camera; it comes without a view, frame by frame.
pub(super) fn show_hint(app: &AppWindow, hint: Option<CameraHint>) {
    app.global::<Shell>().set_camera_hint(match hint {
        None => CameraHintKind::None,
        Some(CameraHint::Dark) => CameraHintKind::Dark,
        Some(CameraHint::Near) => CameraHintKind::Near,
    });
}
