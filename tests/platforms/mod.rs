//! What only one platform promises.

mod cloud_foundry;
mod cloudflare_workers;
mod datadog;
mod digitalocean;
mod github_pages;
mod netlify;
mod qovery;
mod railway;
mod render;
mod vercel;
