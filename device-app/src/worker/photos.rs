//! Photos of what was scanned last.

use domain::{EventBody, EventHash};
use replica::ReplicaError;
use replica::query::{EventFilter, EventRow};

use super::custody::Pictures;
use super::machine::Worker;
use crate::photo::{Photo, PhotoError};
use crate::view::{Camera, Message, Outcome};

/// So many of the operator's last events are looked through.
const LOOKED_AT_MAX: u32 = 50;

impl Worker {
    /// The operator wants a photo of the last scan: the camera gives its next picture.
    pub(crate) fn ask_for_photo(&mut self) -> Result<(), ReplicaError> {
        if !self.may_keep_pictures() {
            return Ok(());
        }
        if self.camera != Camera::On || !self.settings.camera {
            self.tell(Outcome::Attention, Message::new("camera-missing"), "");
            return Ok(());
        }
        match self.event_to_show()? {
            Some(event) => {
                self.photo_for = Some(event);
                self.photo_wanted
                    .store(true, std::sync::atomic::Ordering::Relaxed);
            }
            None => self.tell(Outcome::Attention, Message::new("photo-nothing"), ""),
        }
        Ok(())
    }

    /// The camera gave it.
    pub(crate) fn photo_taken(
        &mut self,
        photo: Result<Photo, PhotoError>,
    ) -> Result<(), ReplicaError> {
        let Some(to) = self.photo_for.take() else {
            return Ok(());
        };
        self.keep_photo(to, photo)
    }

    /// Puts a photo to the last event of the work under way; for scripts.
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was kept then.
    pub fn add_photo(&mut self, photo: Result<Photo, PhotoError>) -> Result<(), ReplicaError> {
        self.committed.clear();
        match self.event_to_show()? {
            Some(to) => self.keep_photo(to, photo),
            None => {
                self.tell(Outcome::Attention, Message::new("photo-nothing"), "");
                Ok(())
            }
        }
    }

    /// The photo is on the disk before the event that names it, and is sent only after that.
    fn keep_photo(
        &mut self,
        to: EventHash,
        photo: Result<Photo, PhotoError>,
    ) -> Result<(), ReplicaError> {
        let made = match photo {
            Ok(made) => made,
            Err(error) => {
                self.tell(Outcome::Refused, Message::new(error.code()), "");
                return Ok(());
            }
        };
        let now = self.now();
        let pictures = match self.pictures(made)? {
            Pictures::Open(pictures) | Pictures::Sealed(pictures) => pictures,
            Pictures::NoKey => {
                self.tell(Outcome::Attention, Message::new("customer-key-missing"), "");
                return Ok(());
            }
        };
        let kept = self.blobs.store.put(to, &pictures, now)?;
        let [blob, thumbnail] = kept.as_slice() else {
            return Ok(());
        };
        let event = EventBody::Attached {
            to,
            blob: blob.clone(),
            thumbnail: Some(thumbnail.clone()),
        };
        self.write(vec![event.into()], &[], &[], None, None)?;
        self.blobs.store.bind(&kept)?;
        self.blobs.refresh()?;
        self.tell(Outcome::Accepted, Message::new("photo-saved"), "");
        Ok(())
    }

    /// The last event of the work under way that a photo can show.
    fn event_to_show(&self) -> Result<Option<EventHash>, ReplicaError> {
        let Some(work) = &self.work else {
            return Ok(None);
        };
        let last = self.last_event_of_work(work.started)?;
        Ok(last.map(|row| row.placed.event.hash))
    }

    /// The last event of goods by this operator on this device since then that still counts.
    pub(crate) fn last_event_of_work(&self, since: i64) -> Result<Option<EventRow>, ReplicaError> {
        Ok(self
            .events_of_work(since, LOOKED_AT_MAX)?
            .into_iter()
            .next())
    }

    /// All of them among so many of the last events, the newest first.
    pub(crate) fn events_of_work(
        &self,
        since: i64,
        among: u32,
    ) -> Result<Vec<EventRow>, ReplicaError> {
        let Some(operator) = &self.operator else {
            return Ok(Vec::new());
        };
        let filter = EventFilter {
            site: self.site,
            operator: Some(operator.id),
            device: self.replica.identity().map(|i| i.device),
            before: None,
            from: None,
        };
        let rows = self.replica.query().events(&filter, among)?;
        Ok(rows
            .into_iter()
            .take_while(|row| row.placed.event.record.clock.millis >= since)
            .filter(|row| {
                let of_goods = !matches!(
                    row.placed.event.record.body,
                    EventBody::Reversed { .. } | EventBody::Attached { .. }
                );
                of_goods && row.reversed_by.is_none()
            })
            .collect())
    }
}
