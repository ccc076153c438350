//! The real binaries: photos taken offline come through a line that breaks, and scans go on meanwhile.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use domain::{BlobId, BlobKind, EventBody, EventHash};
use image::{ImageFormat, RgbImage};
use serde_json::Value;
use testkit::random::Random;
use tests::processes::{Handheld, Server};
use tests::proxy::CuttingProxy;

const OPERATOR: &str = "TM-OP-0001";

/// Noise: a photo of it is over a megabyte.
fn picture(folder: &Path, seed: u64) -> Result<PathBuf> {
    let mut random = Random::new(seed);
    let bytes = (0..1_500 * 1_100 * 3).map(|_| random.below(256) as u8);
    let image = RgbImage::from_raw(1_500, 1_100, bytes.collect()).context("the size is right")?;
    let path = folder.join(format!("photo-{seed}.png"));
    image.save_with_format(&path, ImageFormat::Png)?;
    Ok(path)
}

/// The handheld with one receipt and a photo of it, made offline. Returns the hash of the receipt.
fn with_photo(handheld: &mut Handheld, picture: &Path) -> Result<EventHash> {
    handheld.must("offline")?;
    for line in ["open receive", "scan R-01-1", "scan 6903510000017"] {
        handheld.must(line)?;
    }
    let received = only_event(&handheld.must("quantity 5")?)?;
    let taken = handheld.must(&format!("photo {}", picture.display()))?;
    ensure!(taken["feedback"]["code"] == "photo-saved", "{taken}");
    only_event(&taken)?;
    let status = handheld.must("status")?;
    ensure!(status["photos"] == 1, "{status}");
    ensure!(status["waiting_events"] == 2, "{status}");
    Ok(received)
}

fn only_event(answer: &Value) -> Result<EventHash> {
    let hashes = answer["events"].as_array().context("events")?;
    ensure!(hashes.len() == 1, "{answer}");
    let hash = hashes[0].as_str().and_then(EventHash::from_hex);
    hash.with_context(|| format!("{answer}"))
}

/// Scans on while photos are sent, until they are, and returns what was acknowledged.
fn work_until_sent(
    handheld: &mut Handheld,
    mut each: impl FnMut(u64) -> Result<()>,
) -> Result<Vec<EventHash>> {
    let mut acknowledged = Vec::new();
    for round in 0..200 {
        handheld.must("scan 6903510000024")?;
        acknowledged.push(only_event(&handheld.must("quantity 1")?)?);
        each(round)?;
        if handheld.tell("wait-photos 1")?["ok"] == true {
            return Ok(acknowledged);
        }
    }
    anyhow::bail!("the photos are never sent: {}", handheld.must("status")?)
}

/// Photo and thumbnail of the event are on the server's disk with the right hash; the events are in its replica.
fn check_server(
    server: &mut Server,
    photographed: EventHash,
    acknowledged: &[EventHash],
) -> Result<()> {
    server.kill();
    let replica = server.replica()?;
    let query = replica.query();
    for hash in acknowledged {
        ensure!(
            query.event_by_hash(*hash)?.is_some(),
            "event {hash} is missing"
        );
    }
    let attached = query.attachments(photographed)?;
    ensure!(attached.len() == 1, "{} photos", attached.len());
    let EventBody::Attached {
        blob, thumbnail, ..
    } = &attached[0].placed.event.record.body
    else {
        anyhow::bail!("no photo");
    };
    let thumbnail = thumbnail.as_ref().context("a thumbnail")?;
    ensure!(
        blob.kind == BlobKind::Photo && blob.size > 1_000_000,
        "{blob:?}"
    );
    for blob in [blob, thumbnail] {
        let hex = blob.id.hex();
        let file = server.data().join("blobs").join(&hex[..2]).join(&hex);
        let content = std::fs::read(&file).with_context(|| hex.clone())?;
        ensure!(BlobId::of(&content) == blob.id && content.len() as u64 == blob.size);
    }
    Ok(())
}

#[test]
fn a_photo_comes_through_a_line_that_breaks_and_scans_go_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let proxy = CuttingProxy::start(&server.url)?;
    let mut handheld = Handheld::start(&folder.path().join("handheld"), 0, None)?;
    handheld.must(&format!("enrol {} {}", proxy.url, server.codes[0]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    let photographed = with_photo(&mut handheld, &picture(folder.path(), 1)?)?;
    proxy.cut_every(300_000);
    handheld.must("online")?;
    let acknowledged = work_until_sent(&mut handheld, |_| Ok(()))?;
    ensure!(proxy.cuts() >= 3, "cut only {} times", proxy.cuts());
    proxy.cut_every(i64::MAX);
    handheld.must("wait-synced")?;
    check_server(&mut server, photographed, &acknowledged)
}

#[test]
fn a_photo_survives_kills_of_both_sides_in_the_middle_of_its_upload() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let proxy = CuttingProxy::start(&server.url)?;
    let mut handheld = Handheld::start(&folder.path().join("handheld"), 0, None)?;
    handheld.must(&format!("enrol {} {}", proxy.url, server.codes[0]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    let photographed = with_photo(&mut handheld, &picture(folder.path(), 2)?)?;
    // Killed before anything was sent: the photo is on its disk.
    handheld = handheld.restart()?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    let status = handheld.must("status")?;
    ensure!(status["photos"] == 1, "{status}");
    // So slow that the kills fall into the upload.
    proxy.cut_every(200_000);
    handheld.must("online")?;
    handheld.tell("wait-photos 2")?;
    server.kill_and_restart()?;
    handheld.tell("wait-photos 1")?;
    handheld = handheld.restart()?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    handheld.must("open receive")?;
    handheld.must("scan R-01-1")?;
    let acknowledged = work_until_sent(&mut handheld, |_| Ok(()))?;
    proxy.cut_every(i64::MAX);
    handheld.must("wait-synced")?;
    check_server(&mut server, photographed, &acknowledged)
}

#[test]
fn on_a_metered_network_the_photo_waits_and_its_thumbnail_goes() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::demo(folder.path())?;
    let mut handheld = Handheld::start(&folder.path().join("handheld"), 0, None)?;
    handheld.must(&format!("enrol {} {}", server.url, server.codes[0]))?;
    handheld.must("wait-synced")?;
    handheld.must(&format!("sign-in {OPERATOR}"))?;
    handheld.must("metered on")?;
    let photographed = with_photo(&mut handheld, &picture(folder.path(), 3)?)?;
    handheld.must("online")?;
    let whole = handheld.must("status")?["photo_bytes"]
        .as_u64()
        .context("bytes")?;
    let mut left = whole;
    for _ in 0..60 {
        let waiting = handheld.must("wait-photos 1")?;
        ensure!(waiting["held_back"] == 1, "{waiting}");
        handheld.must("sleep 100")?;
        left = handheld.must("status")?["photo_bytes"]
            .as_u64()
            .context("bytes")?;
        if left < whole {
            break;
        }
    }
    ensure!(
        left < whole && whole - left <= 20_000 && left > 1_000_000,
        "{left} of {whole}"
    );
    handheld.must("metered off")?;
    handheld.must("wait-photos 60")?;
    ensure!(handheld.must("status")?["photo_bytes"] == 0);
    check_server(&mut server, photographed, &[])
}
