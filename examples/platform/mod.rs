//! The platforms of the program, and Acme: its line in the register.

use cancel_deployment::platform::register::REGISTER;
pub(crate) use cancel_deployment::platform::*;

mod acme;

/// All of them, in the order of the documents.
pub(crate) fn platforms() -> Vec<&'static PlatformInfo> {
    [REGISTER, &[&acme::INFO]].concat()
}
