//! What one device may bring in a day, its own or carried. What is over it is refused with a wait: the device keeps it and sends it later.

use domain::UnixMillis;

use super::gate::Limits;
use super::sync::token_hash;
use super::{Hub, HubError};
use crate::store::{hub_devices, hub_pushes};

/// A device asks again after this long at most, in case somebody has raised the limit.
const RETRY_SECONDS_MAX: i64 = 600;

impl Hub {
    /// How many seconds a device that has brought its day's share must wait; `None` if it may bring more. Its last request
    /// may pass the share, so that no share is too small for one.
    ///
    /// # Errors
    /// [`HubError`].
    pub(super) fn push_wait(
        &self,
        token: &str,
        limits: &Limits,
        now: UnixMillis,
    ) -> Result<Option<u32>, HubError> {
        let pushed = self.database.read(|c| {
            let device = hub_devices::by_token(c, &token_hash(token))?;
            device.map_or(Ok(None), |d| hub_pushes::today(c, d.device, now))
        })?;
        let Some(pushed) = pushed else {
            return Ok(None);
        };
        let bytes_max = limits.push_mib_per_day.saturating_mul(1 << 20);
        if pushed.bytes < bytes_max && pushed.changes < limits.push_changes_per_day {
            return Ok(None);
        }
        let seconds = (pushed.until - now).div_euclid(1_000) + 1;
        Ok(u32::try_from(seconds.clamp(1, RETRY_SECONDS_MAX)).ok())
    }
}
