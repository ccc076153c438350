#![doc = include_str!("../README.md")]

pub mod base45;
pub mod file;
pub mod frames;
