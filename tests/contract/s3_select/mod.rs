//! Choosing deployments by a rule: which ones are meant, which ones must never be touched, and what is said about it.

mod branch;
mod commit;
mod events;
mod forks;
mod guards;
mod latest;
mod lists;
mod nothing;
mod over;
mod rest;
mod superseded;
mod targets;
mod turns;
