//! What one handheld carries for another: segments are signed, so it does not matter who brings them.

use anyhow::Result;
use documents::Partition;
use domain::EventBody;
use protocol::PeerMessage;
use replica::Commit;
use testkit::random::Random;
use tests::fleet::{Handheld, HubHost, SITE, T0, Wire, bin_edit, item, item_edit, random_event};

struct Fleet {
    folder: tempfile::TempDir,
    host: HubHost,
    handhelds: Vec<Handheld>,
    random: Random,
}

impl Fleet {
    fn new(size: u8) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let host = HubHost::start(folder.path())?;
        let edits = (0..6).map(item_edit).chain((0..4).map(bin_edit)).collect();
        let commit = Commit {
            edits,
            ..Commit::default()
        };
        host.get().commit(commit, T0)?;
        let mut random = Random::new(5);
        let mut handhelds = Vec::new();
        for n in 0..size {
            let mut handheld = Handheld::enrol(folder.path(), host.get(), n, T0)?;
            handheld.exchange(host.get(), Wire::Good, T0, &mut random)?;
            handhelds.push(handheld);
        }
        Ok(Self {
            folder,
            host,
            handhelds,
            random,
        })
    }

    fn work(&mut self, n: usize, events: usize, at: i64) -> Result<()> {
        for i in 0..events {
            let body = random_event(&mut self.random);
            self.handhelds[n].record(vec![body], T0 + at + i as i64)?;
            if i % 10 == 9 {
                self.handhelds[n].replica.seal(Partition::Site(SITE))?;
            }
        }
        Ok(())
    }

    fn sync(&mut self, n: usize) -> Result<()> {
        let now = T0 + 1_000_000;
        self.handhelds[n].exchange(self.host.get(), Wire::Good, now, &mut self.random)?;
        self.host.get().pump(now)?;
        Ok(())
    }

    /// A direct exchange until neither has anything for the other; small parcels, so that it takes several turns.
    fn meet(&mut self, a: usize, b: usize) -> Result<usize> {
        let mut message = PeerMessage {
            versions: protocol::VERSIONS,
            have: exchange::holdings(&mut self.handhelds[a].replica)?,
            parcel: None,
        };
        for turn in 0..100 {
            let to = if turn % 2 == 0 { b } else { a };
            let bytes = message.to_bytes();
            let read = PeerMessage::from_bytes(&bytes)?;
            let now = T0 + 900_000;
            let (answer, taken) =
                exchange::answer(&mut self.handhelds[to].replica, &read, 600, now)?;
            assert_eq!(taken.rejected, None);
            if turn > 1 && answer.parcel.is_none() && message.parcel.is_none() {
                return Ok(turn);
            }
            message = answer;
        }
        anyhow::bail!("the exchange does not end")
    }

    fn hash(&self, n: usize) -> Result<Vec<u8>> {
        Ok(self.handhelds[n]
            .replica
            .state_hash(SITE)?
            .to_bytes()
            .to_vec())
    }

    fn server_hash(&self) -> Result<Vec<u8>> {
        let server = self.host.get().replica().lock();
        let server = server.unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(server.state_hash(SITE)?.to_bytes().to_vec())
    }
}

#[test]
fn two_handhelds_without_a_server_agree_and_either_brings_both_works_home() -> Result<()> {
    let mut fleet = Fleet::new(3)?;
    fleet.work(0, 40, 1_000)?;
    fleet.work(1, 40, 1_500)?;
    fleet.handhelds[0].rename(item(1), "甲", T0 + 2_000)?;
    let turns = fleet.meet(0, 1)?;
    assert!(turns > 5, "several small parcels: {turns}");
    assert_eq!(fleet.hash(0)?, fleet.hash(1)?);
    // What came from the neighbour is on two devices now, and still waits for the server.
    assert!(fleet.handhelds[0].replica.waiting()?.events >= 40);

    // The third one never met the first, and carries its work all the same.
    fleet.work(2, 5, 3_000)?;
    fleet.meet(1, 2)?;
    fleet.sync(2)?;
    assert_eq!(fleet.hash(2)?, fleet.hash(1)?);
    // Then the others come to the server themselves: it holds everything already.
    fleet.sync(0)?;
    fleet.sync(1)?;
    fleet.sync(2)?;
    assert_eq!(fleet.handhelds[0].replica.waiting()?.total(), 0);
    let server = fleet.server_hash()?;
    for n in 0..3 {
        assert_eq!(fleet.hash(n)?, server, "handheld {n}");
    }
    let hub = fleet.host.get().replica().lock().unwrap();
    assert_eq!(hub.query().event_count()?, 85);
    Ok(())
}

#[test]
fn a_neighbour_hands_on_the_servers_log() -> Result<()> {
    let mut fleet = Fleet::new(2)?;
    fleet.work(0, 30, 1_000)?;
    fleet.sync(0)?;
    fleet.sync(0)?;
    // The second one hears of it, acceptance and all, without the server.
    fleet.meet(0, 1)?;
    let cursor = |n: usize| fleet.handhelds[n].replica.cursor(Partition::Site(SITE));
    assert_eq!(cursor(0)?, cursor(1)?);
    assert_eq!(fleet.hash(1)?, fleet.server_hash()?);
    Ok(())
}

#[test]
fn a_parcel_says_everything_that_only_this_device_holds_and_may_come_twice() -> Result<()> {
    let mut fleet = Fleet::new(2)?;
    // Each knows of the other's enrolment.
    fleet.sync(0)?;
    fleet.work(0, 30, 1_000)?;
    let parcel = exchange::parcel_for(&mut fleet.handhelds[0].replica, &[], usize::MAX)?;
    assert!(parcel.parts.iter().all(|p| p.entries.is_empty()));
    for _ in 0..2 {
        exchange::take(&mut fleet.handhelds[1].replica, &parcel, T0 + 5_000)?;
    }
    assert_eq!(fleet.hash(0)?, fleet.hash(1)?);
    Ok(())
}

#[test]
fn what_nobody_of_ours_signed_is_left_out_and_the_rest_kept() -> Result<()> {
    let mut fleet = Fleet::new(2)?;
    fleet.work(0, 3, 1_000)?;
    let mut parcel = exchange::parcel_for(&mut fleet.handhelds[0].replica, &[], usize::MAX)?;
    let stranger = Fleet::new(1)?;
    let foreign = protocol::Parcel {
        organisation: stranger.handhelds[0].replica.enrolled()?.organisation,
        ..parcel.clone()
    };
    let before = fleet.hash(1)?;
    let taken = exchange::take(&mut fleet.handhelds[1].replica, &foreign, T0)?;
    assert!(taken.foreign && taken.fresh == 0);
    for part in &mut parcel.parts {
        for segment in &mut part.carried {
            let mut body = segment.body_bytes().to_vec();
            *body.last_mut().unwrap() ^= 1;
            let header = segment.header_bytes().to_vec();
            *segment = documents::Segment::from_parts(header, *segment.signature(), body);
        }
    }
    let taken = exchange::take(&mut fleet.handhelds[1].replica, &parcel, T0)?;
    assert_eq!(
        taken.rejected.map(replica::Rejected::code),
        Some("segment-forged")
    );
    assert_eq!(fleet.hash(1)?, before);
    Ok(())
}

#[test]
fn a_server_that_lost_its_log_gets_the_work_of_a_dead_handheld_from_the_others() -> Result<()> {
    let mut fleet = Fleet::new(2)?;
    fleet.host.back_up(T0 + 500)?;
    fleet.work(0, 20, 1_000)?;
    fleet.sync(0)?;
    fleet.sync(1)?;
    let before = fleet.hash(1)?;
    fleet.host.restore(T0 + 2_000_000)?;
    // The first handheld fell into the dock meanwhile; only the second comes back.
    for _ in 0..3 {
        fleet.sync(1)?;
    }
    assert_eq!(fleet.server_hash()?, before);
    let hub = fleet.host.get().replica().lock().unwrap();
    assert_eq!(hub.query().event_count()?, 20);
    assert!(fleet.folder.path().exists());
    Ok(())
}

#[test]
fn a_reversal_that_comes_before_its_target_waits_for_it() -> Result<()> {
    let mut fleet = Fleet::new(3)?;
    fleet.work(0, 1, 1_000)?;
    let parcel = exchange::parcel_for(&mut fleet.handhelds[0].replica, &[], usize::MAX)?;
    exchange::take(&mut fleet.handhelds[1].replica, &parcel, T0 + 2_000)?;
    let last = fleet.handhelds[1]
        .replica
        .query()
        .events(&replica::query::EventFilter::default(), 1)?;
    let target = last[0].placed.event.hash;
    fleet.handhelds[1].record(vec![EventBody::Reversed { target }], T0 + 3_000)?;
    fleet.sync(1)?;
    fleet.sync(2)?;
    fleet.sync(0)?;
    fleet.sync(1)?;
    for n in 0..3 {
        assert_eq!(fleet.hash(n)?, fleet.server_hash()?, "handheld {n}");
    }
    Ok(())
}
