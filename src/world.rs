//! What a run knows of platforms, and what it touches of the world besides files.

use crate::api::{Client, Roots, Transport};
use crate::ci::{self, Print};
use crate::input::env::Env;
use crate::model::address::Address;
use crate::platform::register::Platforms;
use crate::settings::open::Connect;

/// What a run knows of platforms, and what it touches of the world besides files.
pub struct World<'a> {
    /// Those that it can be asked for.
    pub platforms: &'a Platforms,
    /// Who sends.
    pub connect: Connect,
    /// Who prints.
    pub print: Print,
}

impl<'a> World<'a> {
    /// This machine's network, and this process's streams.
    pub fn real(platforms: &'a Platforms) -> Self {
        let connect = |base: &Address, roots: Roots<'_>, env: &Env, elsewhere: bool| {
            let client = Client::new(base, roots, env, elsewhere)?;
            Ok(Box::new(client) as Box<dyn Transport>)
        };
        Self { platforms, connect: Box::new(connect), print: Box::new(ci::print) }
    }
}
