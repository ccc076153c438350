//! Who else is on this network: mDNS, service `_tallyman._tcp`. It says the organisation's hash and the device's key,
//! never a name; whether a finding is true shows in the handshake.

use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::Sender;

use documents::PublicKey;
use domain::EventHash;
use mdns_sd::{IfKind, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use protocol::peer::MDNS_SERVICE;

use super::{Own, PeerNews};
use crate::worker::ToWorker;

/// Announces this device and looks for others until it is dropped.
pub(super) struct Discovery(ServiceDaemon);

impl Drop for Discovery {
    fn drop(&mut self) {
        // Says goodbye to the network; a daemon that has ended has nothing to say.
        let _ = self.0.shutdown();
    }
}

impl Discovery {
    /// `listening`: where the neighbours' connections are taken; a loopback address keeps all of it on this machine.
    ///
    /// # Errors
    /// The network gives no multicast. Pairing by QR works all the same.
    pub(super) fn start(
        own: &Own,
        listening: SocketAddr,
        to_worker: Sender<ToWorker>,
    ) -> Result<Self, mdns_sd::Error> {
        let discovery = Self(ServiceDaemon::new()?);
        let daemon = &discovery.0;
        if listening.ip().is_loopback() {
            daemon.disable_interface(IfKind::All)?;
            daemon.enable_interface(IfKind::LoopbackV4)?;
        } else {
            daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
        }
        let (key, tag) = (hex(&own.key.public()), own.tag());
        // A label has 63 bytes: half of the key tells devices apart.
        let name = &key[..32];
        let properties = [("v", "1"), ("o", tag.as_str()), ("k", key.as_str())];
        let host = format!("{name}.local.");
        let addresses: &[IpAddr] = match listening.ip() {
            ip if ip.is_unspecified() => &[],
            ip => &[ip],
        };
        let info = ServiceInfo::new(
            MDNS_SERVICE,
            name,
            &host,
            addresses,
            listening.port(),
            &properties[..],
        )?;
        let everywhere = addresses.is_empty();
        daemon.register(if everywhere {
            info.enable_addr_auto()
        } else {
            info
        })?;
        let events = daemon.browse(MDNS_SERVICE)?;
        let own_key = own.key.public();
        std::thread::Builder::new()
            .name("discovery".to_owned())
            .spawn(move || {
                while let Ok(event) = events.recv() {
                    if let ServiceEvent::ServiceResolved(service) = event
                        && let Some((key, addresses)) = neighbour(&service, &tag)
                        && key != own_key
                    {
                        let found = PeerNews::Found { key, addresses };
                        if to_worker.send(ToWorker::Peer(found)).is_err() {
                            break;
                        }
                    }
                }
            })
            .map_err(|error| mdns_sd::Error::Msg(error.to_string()))?;
        Ok(discovery)
    }
}

/// A device of the same organisation, as it says itself.
fn neighbour(service: &ResolvedService, tag: &str) -> Option<(PublicKey, Vec<SocketAddr>)> {
    if service.get_property_val_str("o")? != tag {
        return None;
    }
    let key = EventHash::from_hex(service.get_property_val_str("k")?)?.0;
    let port = service.get_port();
    let mut addresses: Vec<SocketAddr> = service
        .get_addresses_v4()
        .into_iter()
        .map(|ip| SocketAddr::new(ip.into(), port))
        .collect();
    addresses.sort_unstable();
    addresses.truncate(super::ADDRESSES_MAX);
    (!addresses.is_empty()).then(|| (PublicKey::from_bytes(key), addresses))
}

fn hex(key: &PublicKey) -> String {
    key.as_bytes().iter().map(|b| format!("{b:02x}")).collect()
}
