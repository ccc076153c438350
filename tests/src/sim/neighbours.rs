//! Two handhelds meet where no server is.

use anyhow::Result;
use protocol::PeerMessage;
use sync_core::Event;

use super::world::World;

/// More turns than any two handhelds need.
const TURNS_MAX: u64 = 40;
/// About what one turn carries: little, so that it takes several.
const TURN_BYTES: usize = 4 << 10;

/// Handheld `n` and another one exchange what they hold, until they are done or one walks away.
pub(super) fn meet(world: &mut World, n: usize) -> Result<()> {
    let others: Vec<usize> = world
        .alive()
        .filter(|m| *m != n && world.handhelds[*m].running.is_some())
        .collect();
    if others.is_empty() || world.handhelds[n].running.is_none() {
        return Ok(());
    }
    let m = others[world.random.below(others.len() as u64) as usize];
    world.note(format_args!("handhelds {n} and {m} meet"));
    // Both ends of one device's history: the real ones see each other's key and do not speak either.
    let device = |w: &World, n: usize| {
        let running = w.handhelds[n].running.as_ref();
        running.and_then(|r| r.replica.identity()).map(|i| i.device)
    };
    if device(world, n) == device(world, m) {
        return Ok(());
    }
    let turns = 1 + world.random.below(TURNS_MAX);
    let Some(mut message) = turn(world, n, None)? else {
        return Ok(());
    };
    let (mut from, mut to) = (n, m);
    for _ in 0..turns {
        let gave = message.parcel.is_some();
        let Some(answer) = turn(world, to, Some(&message))? else {
            return Ok(());
        };
        let done = !gave && answer.parcel.is_none();
        message = answer;
        (from, to) = (to, from);
        if done {
            break;
        }
    }
    for n in [from, to] {
        if let Some(running) = &mut world.handhelds[n].running {
            running.tell(Event::Committed);
            world.keep_working(n);
        }
    }
    Ok(())
}

/// One turn of a handheld: what it says to a message, or to begin with. `None`: it stopped.
fn turn(world: &mut World, n: usize, heard: Option<&PeerMessage>) -> Result<Option<PeerMessage>> {
    let handheld = &mut world.handhelds[n];
    let now = world.now + handheld.clock_error_ms;
    let failures = handheld.disk.counts().failures;
    let Some(running) = &mut handheld.running else {
        return Ok(None);
    };
    let said = match heard {
        Some(message) => {
            let message = PeerMessage::from_bytes(&message.to_bytes())?;
            exchange::answer(&mut running.replica, &message, TURN_BYTES, now).map(|done| done.0)
        }
        None => exchange::holdings(&mut running.replica).map(|have| PeerMessage {
            versions: protocol::VERSIONS,
            have,
            parcel: None,
        }),
    };
    world.handheld_result(n, failures, said)
}
