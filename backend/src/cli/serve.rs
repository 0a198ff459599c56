//! `estafeta serve`: the backend.

use super::clock;
use super::{Failure, say, say_ready, stop_on_signals};
use crate::app::{App, Ended, setup_link};
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

/// Runs the backend until a signal. When the setup page has changed the accounts, it is put together anew on the same
/// listener; nobody has to start it again.
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
    let listener = listener.into_std()?;
    let mut is_first = true;
    loop {
        let app = App::build(&config, Arc::clone(&clock)).await?;
        if is_first && app.is_empty() {
            let link = setup_link(&config, clock.now_ms());
            say(format_args!(
                "setup {link}\nNo account is set up yet: open this link, it is good for a day and one time"
            ));
        }
        let ready = move || {
            if is_first {
                say_ready(address);
            }
        };
        let listener = TcpListener::from_std(listener.try_clone()?)?;
        match app.run(listener, None, stop.clone(), ready).await? {
            Ended::Stopped => return Ok(()),
            Ended::Changed => is_first = false,
        }
    }
}
