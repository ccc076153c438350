//! Who asks too often waits, before anything is read or looked up for it; a device's own rate, its address's, and wrong
//! tokens and codes. Others are not slowed down by it. What the hub refuses is counted here.

use std::net::{IpAddr, Ipv6Addr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use domain::UnixMillis;
use protocol::{Refusal, RefusalCode};

use super::buckets::{Buckets, Rate};
use super::gate::Limits;
use super::refused::{Refused, Who};
use super::routes::{HubState, bearer, refusal};
use super::sync::token_hash;
use crate::tls::Peer;

/// Wrong one-time codes from one address: more than people mistype at fifty handhelds. Four guesses a minute at 50 bits
/// are hopeless.
const WRONG_CODES: Rate = Rate {
    every_us: 15_000_000,
    burst: 50,
};
/// Wrong tokens from one address: a whole fleet that asks a server made anew keeps below it.
const WRONG_TOKENS: Rate = Rate {
    every_us: 100_000,
    burst: 600,
};

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Caller {
    /// Of the token that it shows, whether or not that opens anything.
    pub(super) token: Option<[u8; 32]>,
    /// Unknown only where no network lies between, as in tests.
    pub(super) address: Option<IpAddr>,
}

impl Caller {
    pub(super) fn of(request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<Peer>>();
        Self {
            token: bearer(request.headers()).map(|token| token_hash(&token)),
            address: peer.map(|peer| one_caller(peer.0.0.ip())),
        }
    }
}

/// An IPv6 line is a whole /64, and an IPv4 address that came over IPv6 is that address.
pub(crate) fn one_caller(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four => four,
    }
}

pub(super) struct Guard {
    tokens: Buckets<[u8; 32]>,
    addresses: Buckets<IpAddr>,
    wrong_codes: Buckets<IpAddr>,
    wrong_tokens: Buckets<IpAddr>,
}

impl Guard {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            tokens: Buckets::new(Rate::per_second(limits.requests_per_second)),
            addresses: Buckets::new(Rate::per_second(limits.requests_per_second_per_address)),
            wrong_codes: Buckets::new(WRONG_CODES),
            wrong_tokens: Buckets::new(WRONG_TOKENS),
        }
    }

    /// Whether a token may ask once more.
    pub(super) fn admit_token(&self, token: [u8; 32], now: UnixMillis) -> Result<(), Refused> {
        self.tokens.take(token, now).map_err(too_often)
    }

    fn admit(&self, caller: &Caller, path: &str, now: UnixMillis) -> Result<(), Refused> {
        if let Some(address) = caller.address {
            self.addresses.take(address, now).map_err(too_often)?;
            if path == protocol::ENROL_PATH {
                let wait = self.wrong_codes.look(&address, now);
                wait.map_err(too_many_wrong)?;
            }
        }
        match caller.token {
            Some(token) => self.admit_token(token, now),
            None => Ok(()),
        }
    }

    /// Counts what was wrong, and says so if it was too much.
    fn wrong(&self, caller: &Caller, code: RefusalCode, now: UnixMillis) -> Option<Refused> {
        let address = caller.address?;
        let wait = match code {
            RefusalCode::EnrolCodeWrong => self.wrong_codes.take(address, now),
            RefusalCode::DeviceUnknown => self.wrong_tokens.take(address, now),
            _ => Ok(()),
        };
        wait.map_err(too_many_wrong).err()
    }
}

fn too_often(retry_after_seconds: u32) -> Refused {
    wait("too-often", retry_after_seconds)
}

fn too_many_wrong(retry_after_seconds: u32) -> Refused {
    wait("too-many-wrong", retry_after_seconds)
}

pub(super) fn wait(cause: &'static str, retry_after_seconds: u32) -> Refused {
    let code = RefusalCode::TooMany;
    Refused {
        refusal: Refusal {
            code,
            retry_after_seconds,
        },
        cause,
    }
}

/// Stands before every route of the hub.
pub(super) async fn guard(State(state): State<HubState>, request: Request, next: Next) -> Response {
    let caller = Caller::of(&request);
    let now = state.clock.now();
    let mut response = match state.guard.admit(&caller, request.uri().path(), now) {
        Ok(()) => next.run(request).await,
        Err(refused) => refusal(refused),
    };
    // A body over the limit was refused before the handler saw it.
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE
        && response.extensions().get::<Refused>().is_none()
    {
        response = refusal(RefusalCode::TooLarge);
    }
    let Some(refused) = response.extensions().get::<Refused>().copied() else {
        return response;
    };
    let wrong = state.guard.wrong(&caller, refused.refusal.code, now);
    let cause = wrong.unwrap_or(refused).cause;
    state.hub.refusals.note(Who::from(&caller), cause, now);
    match wrong {
        Some(refused) => refusal(refused),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_caller() {
        let one = |text: &str| one_caller(text.parse().unwrap()).to_string();
        assert_eq!(one("10.0.0.5"), "10.0.0.5");
        assert_eq!(one("::ffff:10.0.0.5"), "10.0.0.5");
        assert_eq!(one("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
