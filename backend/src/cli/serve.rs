//! `estafeta serve`: the backend.

use super::clock;
use super::{Failure, say_ready, stop_on_signals};
use crate::app::App;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The settings, TOML; `backend/config.default.toml` explains every key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs the backend until a signal.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let stop = stop_on_signals()?;
    let config = Config::load(&args.config)?;
    let soft = stop.soft();
    let clock: Arc<dyn Clock> = match config.clock_source.clone() {
        None => Arc::new(SystemClock),
        Some(source) => {
            let followed = tokio::select! {
                followed = clock::follow(source) => followed?,
                () = soft.cancelled() => return Ok(()),
            };
            Arc::new(followed)
        }
    };
    let address = config.server.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!("{address} cannot be used: {error}; choose another address in server.listen")
    })?;
    let address = listener.local_addr()?;
    let app = App::build(&config, clock).await?;
    app.run(listener, None, stop, move || say_ready(address))
        .await?;
    Ok(())
}
