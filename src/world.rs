//! What a run touches of the world besides files.

use crate::api::{Client, Roots, Transport};
use crate::ci::{self, Print};
use crate::input::env::Env;
use crate::model::address::Address;
use crate::settings::open::Connect;

/// What a run touches of the world besides files: who sends, and who prints.
pub struct World {
    /// Who sends.
    pub connect: Connect,
    /// Who prints.
    pub print: Print,
}

impl World {
    /// This machine's network, and this process's streams.
    pub fn real() -> Self {
        let connect = |base: &Address, roots: Roots<'_>, env: &Env, elsewhere: bool| {
            let client = Client::new(base, roots, env, elsewhere)?;
            Ok(Box::new(client) as Box<dyn Transport>)
        };
        Self { connect: Box::new(connect), print: Box::new(ci::print) }
    }
}
