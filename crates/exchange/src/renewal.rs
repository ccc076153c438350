//! Going on under other chains: what to ask the hub, and what its answer makes of this device.

use documents::{Certificate, Partition};
use domain::UnixMillis;
use protocol::{EnrolReply, RenewReason, RenewRequest};
use replica::{Identity, Renewed, Replica, ReplicaError};

/// What to ask the hub. `seed`: 32 random bytes, for a new key; asking again for the same asks with the same key.
///
/// # Errors
/// [`ReplicaError`].
pub fn request(
    replica: &mut Replica,
    reason: RenewReason,
    seed: [u8; 32],
) -> Result<RenewRequest, ReplicaError> {
    let identity = replica.enrolled()?.clone();
    let replaces = replica
        .own_chain(Partition::Site(identity.site))
        .ok_or(ReplicaError::NotEnrolled)?;
    let next = match reason {
        RenewReason::SiteMoved => identity.key.clone(),
        _ => replica.begin_renewal(reason as u32, replaces, seed)?,
    };
    Ok(RenewRequest::new(reason, replaces, &identity.key, &next))
}

/// Goes on as the hub says. `None`: the answer is not one to this device's question, and nothing has changed.
///
/// # Errors
/// [`ReplicaError`].
pub fn take(
    replica: &mut Replica,
    reason: RenewReason,
    reply: EnrolReply,
    now: UnixMillis,
) -> Result<Option<Renewed>, ReplicaError> {
    let before = replica.enrolled()?.clone();
    let replaces = replica
        .own_chain(Partition::Site(before.site))
        .ok_or(ReplicaError::NotEnrolled)?;
    let key = match reason {
        RenewReason::SiteMoved => before.key.clone(),
        // What was kept when it was asked for.
        _ => replica.begin_renewal(reason as u32, replaces, [0; 32])?,
    };
    let vouched = reply
        .certificates
        .first()
        .and_then(|signed| Certificate::verify(signed, &before.server_key))
        .is_some_and(|own| {
            own.organisation == before.organisation
                && own.device == reply.device
                && own.key == key.public()
                && own.site == reply.site
        });
    if !vouched {
        return Ok(None);
    }
    let identity = Identity {
        device: reply.device,
        device_name: reply.device_name,
        site: reply.site,
        token: reply.token,
        key,
        ..before
    };
    let certificates: Vec<Vec<u8>> = reply.certificates.into_iter().map(Vec::from).collect();
    replica.renew(identity, &certificates, now).map(Some)
}
