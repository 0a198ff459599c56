//! `estafeta demo`: backend and sandbox in one process, on one listener and one clock.
//!
//! The card's page is opened at `127.0.0.1` while the archive is made for `localhost`, so that CORS is real.

use super::clock::Shared;
use super::connect::{self, Side};
use super::{Failure, assets, say_ready, stop_on_signals};
use crate::app::App;
use crate::config::Config;
use sandbox::{Limits, Options, Sandbox};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the demo is reached: http://127.0.0.1:PORT.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder that keeps everything; without it nothing is kept.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Who answers: the sandbox's bot, which `/sandbox/bot` scripts, or the one that answers from the sample knowledge base.
    #[arg(long, value_enum, default_value_t = Bots::Sandbox)]
    bot: Bots,
    /// What the clock shows at first, RFC 3339.
    #[arg(long)]
    now: Option<String>,
}

/// The demo's bots.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Bots {
    /// The sandbox's.
    Sandbox,
    /// The one that needs no network.
    Faq,
}

/// Runs the demo until a signal.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let stop = stop_on_signals()?;
    let listener = bind(args.port).await?;
    let address = listener.local_addr()?;
    let data = Data::new(args.data);
    let backend_url = format!("http://localhost:{}", address.port());
    connect::prepare_data(&data.folder.join("backend"))?;
    let sandbox = Sandbox::new(Options {
        public: format!("http://{address}"),
        backend: backend_url.clone(),
        data: Some(data.folder.join("sandbox")),
        now: args.now,
        limits: Limits::Real,
        archive: assets::archive(&backend_url)?,
        assets: assets::folder(),
        sample_data: true,
    })?;
    let side = Side {
        listen: address,
        public_url: &backend_url,
        data: &data.folder.join("backend"),
        clock: None,
        limited: true,
        oauth: false,
        faq: args.bot == Bots::Faq,
    };
    side.write_policy()?;
    side.write_knowledge()?;
    let settings = connect::config(&sandbox.connection(), &side);
    let config = Config::parse(&settings, Path::new(""))?;
    let app = App::build(&config, Arc::new(Shared(sandbox.clock()))).await?;

    // The stand-ins go on until the backend has finished: it may wait for their answers.
    let until = stop.hard();
    let playing = tokio::spawn({
        let (sandbox, until) = (sandbox.clone(), until.clone());
        async move { sandbox.run(until).await }
    });
    let router = sandbox.router();
    let ended = app
        .run(listener, Some(router), stop, move || say_ready(address))
        .await;
    until.cancel();
    playing.await?;
    ended.map(|_| ()).map_err(Failure::from)
}

/// Listens on this machine alone.
pub(super) async fn bind(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            format!("port {port} cannot be used: {error}; choose another one with --port").into()
        })
}

/// The demo's folder; one that nobody asked for goes with the demo.
struct Data {
    folder: PathBuf,
    kept: bool,
}

impl Data {
    fn new(asked: Option<PathBuf>) -> Self {
        let kept = asked.is_some();
        let folder = asked.unwrap_or_else(|| {
            let name = format!("estafeta-demo-{}", uuid::Uuid::new_v4().simple());
            std::env::temp_dir().join(name)
        });
        Self { folder, kept }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_dir_all(&self.folder)
        {
            tracing::debug!(%error, "the demo's folder stays");
        }
    }
}
