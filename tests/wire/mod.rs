//! What only real sockets can show.

mod proxy;
mod tls;
