//! The program `chreode`, run as a user runs it: every test in one program, so that it links once.

mod bad_files;
mod bad_settings;
mod common;
mod conditions;
mod demo;
mod device;
mod doctor;
mod files;
mod formats;
mod models;
mod prepare;
mod report;
mod reproducible;
mod runs;
mod series;
mod velocity;
