//! Plain facts: values checked at the door, and what platforms told us.

pub mod about;
pub mod address;
pub mod answers;
pub mod branch;
pub mod deployment;
pub mod failure;
pub mod id;
pub mod outcome;
pub mod reason;
pub mod signal;
