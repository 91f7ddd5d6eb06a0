//! Plain facts: values that are checked when they are read, and what platforms told us.

pub mod about;
pub mod address;
pub mod answers;
pub mod branch;
pub mod deployment;
pub mod failure;
pub mod id;
pub mod memory;
pub mod outcome;
pub mod reason;
pub mod roll_back;
pub mod signal;
