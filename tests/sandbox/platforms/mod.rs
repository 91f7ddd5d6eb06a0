//! The platforms, each with its stand.

use super::*;

pub mod cloud_foundry;
pub mod datadog;
pub mod digitalocean;
pub mod qovery;
pub mod railway;
pub mod render;
pub mod vercel;
