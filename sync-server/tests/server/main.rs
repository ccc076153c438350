//! The server as its clients see it: handheld, console, API, command line.
//!
//! One program for all of them: each program of tests holds the whole server, and three dozen of those filled a disk.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

mod access;
mod api;
mod auth;
mod backup;
mod blobs;
mod counter;
mod custody;
mod custody_alerts;
mod custody_import;
mod custody_keys;
mod custody_sign;
mod customers;
mod device_report;
mod devices;
mod fields;
mod health;
mod import;
mod limits;
mod live;
mod nodes;
mod orders;
mod pages;
mod parcels;
mod people;
mod photos;
mod receipts;
mod refused;
mod renew;
mod resolve;
mod review;
mod rights;
mod routes;
mod serve;
mod snapshots;
mod stock;
mod stocktake;
mod style;
mod triage;
mod versions;
mod webhooks;
mod words;
