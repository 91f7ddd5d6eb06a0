//! Every reason once, as somebody reads it: for documents and tests, and for who wants to read them all in one go.

mod back;
mod end;
mod parts;
mod selection;
mod unsent;

pub use self::back::roll_backs;
pub use self::parts::Examples;
pub use self::selection::remarks;

/// Every reason with its sentence.
pub fn examples() -> Examples {
    [end::all(), unsent::all(), selection::all()].concat()
}
