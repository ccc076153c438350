//! Each decoder with its seeds damaged in the ways that lines and disks do: the same bytes every time.

use testkit::random::Random;

/// For each target, over its seeds.
const ROUNDS: u64 = 10_000;
/// Of pictures, which are looked at a hundred times longer than bytes are.
const ROUNDS_OF_PICTURES: u64 = 500;

fn damaged(seed: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=random.below(3) {
        let length = bytes.len() as u64;
        if length == 0 {
            break;
        }
        let at = random.below(length) as usize;
        match random.below(5) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = [0x00, 0x1b, 0x5f, 0x9b, 0xbb, 0xff][random.below(6) as usize],
            3 => {
                let tail = bytes.split_off(at);
                bytes.extend_from_slice(&tail[tail.len() / 2..]);
                bytes.extend_from_slice(&tail);
            }
            _ => {
                bytes.remove(at);
            }
        }
    }
    bytes
}

#[test]
fn no_decoder_panics_and_what_reads_reads_again() {
    // The decoder of bundles panics on some input and is caught; its messages are of no interest.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut fallen = Vec::new();
    for (name, target) in fuzz::targets::ALL {
        let seeds = fuzz::seeds::of(name);
        if seeds.is_empty() {
            fallen.push(format!("{name} has no seed"));
        }
        let rounds = match *name {
            "picture" => ROUNDS_OF_PICTURES,
            _ => ROUNDS,
        };
        let rounds = rounds / seeds.len().max(1) as u64;
        let mut random = Random::new(7);
        for seed in &seeds {
            if std::panic::catch_unwind(|| target(seed)).is_err() {
                fallen.push(format!("{name}, its seed"));
            }
            for round in 0..rounds {
                let bytes = damaged(seed, &mut random);
                if std::panic::catch_unwind(|| target(&bytes)).is_err() {
                    fallen.push(format!("{name}, round {round}: {bytes:02x?}"));
                }
            }
        }
    }
    std::panic::set_hook(hook);
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}

#[test]
fn every_target_is_a_program_too() {
    let programs = include_str!("../Cargo.toml");
    for (name, _) in fuzz::targets::ALL {
        assert!(programs.contains(&format!("name = \"{name}\"")), "{name}");
        let file = format!("{}/targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap_or_default();
        assert!(text.contains(&format!("run!({name})")), "{name}");
    }
    assert_eq!(
        programs.matches("[[bin]]").count(),
        fuzz::targets::ALL.len()
    );
}
