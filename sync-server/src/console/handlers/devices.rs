//! `/devices`: when each was heard of, adding one, taking rights away.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use documents::instructions::{MESSAGE_CHARS_MAX, SETTINGS};
use documents::{Instructions, Lock, Role};
use domain::{DeviceId, SiteId, UnixMillis};
use serde::Deserialize;

use super::done;
use crate::auth::form::Pressed;
use crate::auth::{Admin, CsrfForm, Scope, Supervisor, Viewer};
use crate::backup::Mark;
use crate::console::desk::{self, Invitation};
use crate::console::drawing::qr_svg;
use crate::console::page::{Page, render};
use crate::console::view::{DeviceFilter, DeviceView, Named, by_need};
use crate::error::AppError;
use crate::guard::noted;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    page: Page,
    filter: DeviceFilter,
    /// The tabs, and how many each shows.
    counts: [(DeviceFilter, usize); 5],
    /// Whether there are devices at all.
    any: bool,
    devices: Vec<DeviceView>,
    quarantined: Vec<String>,
    sites: Vec<Named>,
    /// When the last backup was made.
    backup: Option<UnixMillis>,
    /// What can be set from here, with its values.
    settings: &'static [(&'static str, &'static [&'static str])],
    message_chars_max: usize,
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    page: Page,
    view: DeviceView,
    quarantined: Vec<String>,
    sites: Vec<Named>,
    settings: &'static [(&'static str, &'static [&'static str])],
    message_chars_max: usize,
}

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    page: Page,
    invitation: Invitation,
    qr: String,
    url: String,
    name: String,
    counts_only: bool,
}

#[derive(Deserialize)]
pub(crate) struct Move {
    site: String,
}

#[derive(Deserialize)]
pub(crate) struct Letter {
    text: String,
    /// Anything, if it is for all devices.
    #[serde(default)]
    all: String,
}

#[derive(Deserialize)]
pub(crate) struct NewDevice {
    name: String,
    #[serde(default)]
    site: String,
    /// Anything, if it will only count.
    #[serde(default)]
    counter: String,
}

#[derive(Deserialize)]
pub(crate) struct Shown {
    #[serde(default)]
    show: String,
}

async fn views(app: &AppState) -> Result<(Vec<DeviceView>, Vec<Named>), AppError> {
    let now = app.now();
    let contacts = app.hub(move |hub| desk::contacts(hub, now)).await?;
    app.data(move |data| Ok((data.devices(&contacts)?, data.sites()?)))
        .await
}

async fn quarantined(app: &AppState) -> Result<Vec<String>, AppError> {
    let views = super::quarantine::waiting(app).await?;
    Ok(views.into_iter().map(|view| view.id).collect())
}

/// What needs somebody comes first.
pub(crate) async fn list(
    State(app): State<AppState>,
    who: Viewer,
    Query(asked): Query<Shown>,
) -> Result<Response, AppError> {
    let now = app.now();
    let filter = DeviceFilter::from_code(&asked.show);
    let (mut devices, sites) = views(&app).await?;
    let counts = DeviceFilter::ALL.map(|filter| {
        let shown = devices.iter().filter(|view| filter.shows(view, now));
        (filter, shown.count())
    });
    let any = !devices.is_empty();
    devices.retain(|view| filter.shows(view, now));
    by_need(&mut devices, now);
    let backup = app.store(|database| Ok(database.read(Mark::load)?)).await?;
    render(&DevicesPage {
        page: Page::new(&app, &who.visitor, "devices", "nav.devices").await?,
        filter,
        counts,
        any,
        devices,
        quarantined: quarantined(&app).await?,
        sites,
        backup: backup.map(|mark| mark.at),
        settings: &SETTINGS,
        message_chars_max: MESSAGE_CHARS_MAX,
    })
}

/// Everything about one device.
pub(crate) async fn one(
    State(app): State<AppState>,
    who: Viewer,
    Path(id): Path<String>,
) -> Result<Response, AppError> {
    let (devices, sites) = views(&app).await?;
    let view = devices.into_iter().find(|view| view.device.id == id);
    let view = view.ok_or(AppError::NotFound)?;
    let mut page = Page::new(&app, &who.visitor, "devices", "nav.devices").await?;
    page.title = view.device.name(page.lang).to_owned();
    render(&DevicePage {
        page,
        view,
        quarantined: quarantined(&app).await?,
        sites,
        settings: &SETTINGS,
        message_chars_max: MESSAGE_CHARS_MAX,
    })
}

/// The code is shown once, in the answer itself: it is in no address and no log.
pub(crate) async fn invite(
    State(app): State<AppState>,
    who: Admin,
    CsrfForm(form): CsrfForm<NewDevice>,
) -> Result<Response, AppError> {
    let name = form.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(AppError::BadRequest);
    }
    let site = app.data(move |data| data.site_or_first(&form.site)).await?;
    let now = app.now();
    let invited = name.clone();
    let role = match form.counter.is_empty() {
        true => Role::Handheld,
        false => Role::Counter,
    };
    let (url, fingerprint) = (app.public_url().to_owned(), app.certificate_fingerprint());
    let invitation = app
        .hub(move |hub| desk::invite(hub, &url, fingerprint, site, (&invited, role), now))
        .await?;
    let qr = qr_svg(&invitation.qr)?;
    let mut response = render(&InvitationPage {
        page: Page::new(&app, &who.visitor, "devices", "invite.title").await?,
        qr,
        url: app.public_url().to_owned(),
        invitation,
        name,
        counts_only: role == Role::Counter,
    })?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

pub(crate) async fn revoke(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let now = app.now();
    app.hub(move |hub| hub.set_revoked(id, true, now)).await?;
    app.committed();
    Ok(done("/devices", "revoked"))
}

#[derive(Deserialize)]
pub(crate) struct LockForm {
    locked: String,
    #[serde(default)]
    text: String,
}

/// A locked device shows why and does nothing else, from its next sync on; what it holds still comes.
pub(crate) async fn lock(
    State(app): State<AppState>,
    who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<LockForm>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let text = form.text.trim().to_owned();
    if text.chars().count() > MESSAGE_CHARS_MAX {
        return Err(AppError::BadRequest);
    }
    let (locked, now) = (form.locked == "yes", app.now());
    let said = text.clone();
    let fields = match locked {
        true => Instructions::lock(&Lock {
            text,
            by: who.user.name,
            at: now,
        }),
        false => Instructions::unlock(),
    };
    app.data(move |data| data.instruct(Some(id), &fields, now))
        .await?;
    app.committed();
    let response = done("/devices", if locked { "locked" } else { "unlocked" });
    Ok(noted(
        response,
        format!("locked={locked} {said}").trim_end(),
    ))
}

#[derive(Deserialize)]
pub(crate) struct NameForm {
    name: String,
}

/// What people call it from now on; its id stays.
pub(crate) async fn rename(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<NameForm>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let name = form.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 60 {
        return Err(AppError::BadRequest);
    }
    let before = app.data(move |data| data.device_name(id)).await?;
    let (now, called) = (app.now(), name.clone());
    app.hub(move |hub| hub.rename_device(id, &called)).await?;
    let edit = [documents::FieldEdit::set("name", name.as_str())];
    app.data(move |data| data.instruct(Some(id), &edit, now))
        .await?;
    app.committed();
    Ok(noted(
        done("/devices", "saved"),
        format!("{before} -> {name}"),
    ))
}

/// The device takes a new key at its next sync.
pub(crate) async fn new_key(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    _: CsrfForm<Pressed>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    asked(app.hub(move |hub| hub.rotate_key(id)).await?)
}

/// The device goes on at another site from its next sync on; its own site takes that back.
pub(crate) async fn move_to(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<Move>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let site: SiteId = form.site.parse().map_err(|_| AppError::BadRequest)?;
    let sites = app.data(|data| data.sites()).await?;
    if sites.iter().all(|known| known.id != site.to_string()) {
        return Err(AppError::BadRequest);
    }
    asked(app.hub(move |hub| hub.move_device(id, site)).await?)
}

/// A message for whoever holds the device, or for all of them.
pub(crate) async fn tell(
    State(app): State<AppState>,
    _who: Supervisor,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<Letter>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let text = form.text.trim().to_owned();
    if text.chars().count() > MESSAGE_CHARS_MAX || text.is_empty() {
        return Err(AppError::BadRequest);
    }
    let (to, now) = (form.all.is_empty().then_some(id), app.now());
    app.data(move |data| data.instruct(to, &Instructions::tell(&text, now), now))
        .await?;
    app.committed();
    Ok(done("/devices", "told"))
}

/// How the device is set up, or all of them.
pub(crate) async fn set_up(
    State(app): State<AppState>,
    _who: Admin,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response, AppError> {
    let id = known(&app, &id).await?;
    let (to, now) = ((!form.contains_key("all")).then_some(id), app.now());
    let settings = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let fields = Instructions::set_up(settings);
    app.data(move |data| data.instruct(to, &fields, now))
        .await?;
    app.committed();
    Ok(done("/devices", "saved"))
}

/// The server itself is among the devices that the replica knows, and not among those that can be asked.
fn asked(is_device: bool) -> Result<Response, AppError> {
    if is_device {
        Ok(done("/devices", "asked"))
    } else {
        Err(AppError::NotFound)
    }
}

/// A device that works at a site that is seen: one that only wrote there once is somebody else's now.
async fn known(app: &AppState, id: &str) -> Result<DeviceId, AppError> {
    let id: DeviceId = id.parse().map_err(|_| AppError::NotFound)?;
    app.data(move |data| data.device_name(id)).await?;
    let scope = Scope::of_request();
    if !scope.is_everywhere() {
        let site = app
            .hub(move |hub| Ok(hub.devices()?.into_iter().find(|row| row.device == id)))
            .await?
            .map(|row| row.site);
        if !site.is_some_and(|site| scope.sees(site)) {
            return Err(AppError::NotFound);
        }
    }
    Ok(id)
}
