//! What only real sockets can show.

mod proxy;
mod requests;
mod tls;
