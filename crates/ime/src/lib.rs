#![doc = include_str!("../README.md")]

mod engine;
mod find;
mod learned;
mod segment;
mod sentence;
mod syllables;
mod table;

pub use engine::{Candidate, Pinyin};
pub use learned::Learned;
