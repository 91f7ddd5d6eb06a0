//! The platforms, each with its stand: one module and one line of [`platforms!`].

use super::*;

#[path = "../../../examples/platform/acme_sandbox.rs"]
pub mod acme;
pub mod cloud_foundry;
pub mod cloudflare_workers;
pub mod datadog;
pub mod digitalocean;
pub mod github_pages;
pub mod netlify;
pub mod qovery;
pub mod railway;
pub mod render;
pub mod vercel;

/// Hands all platforms to a macro, in the order of the register: what each is called, and its module.
macro_rules! platforms {
    ($make:path; $($given:tt)*) => {
        $make! {
            $($given)*;
            DigitalOcean digitalocean,
            CloudFoundry cloud_foundry,
            Datadog datadog,
            Vercel vercel,
            Qovery qovery,
            Render render,
            Railway railway,
            Netlify netlify,
            CloudflareWorkers cloudflare_workers,
            GitHubPages github_pages,
            Acme acme,
        }
    };
}
pub(crate) use platforms;

macro_rules! make {
    (; $($platform:ident $module:ident,)+) => {
        /// The stands of all of them.
        pub const STANDS: &[&dyn Stand] = &[$(&$module::Stand),+];

        /// All of them, without any deployment.
        pub fn all() -> Vec<Box<dyn Platform>> {
            vec![$(Box::<$module::$platform>::default()),+]
        }
    };
}
platforms!(make;);
