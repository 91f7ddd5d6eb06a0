//! The program, with the platforms of the register.

use std::process::ExitCode;

use cancel_deployment::platform::register::REGISTER;
use cancel_deployment::program;

fn main() -> ExitCode {
    program::main(REGISTER)
}
