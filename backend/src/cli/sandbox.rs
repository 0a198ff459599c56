//! `estafeta sandbox`: the stand-ins alone, and a config for a backend beside them.

use super::connect::{self, Side};
use super::demo::bind;
use super::url::{self, Local};
use super::{Failure, assets, say_ready, stop_on_signals};
use clap::ValueEnum;
use sandbox::{Options, Sandbox};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the stand-ins are reached: http://127.0.0.1:PORT.
    #[arg(long)]
    port: u16,
    #[arg(
        long,
        value_parser = url::local,
        help = "Where the backend is reached, such as http://127.0.0.1:8090"
    )]
    backend: Local,
    /// Folder of clock and data; without it nothing is kept.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The providers' rate limits.
    #[arg(long, value_enum, default_value_t = Limits::Real)]
    limits: Limits,
    /// Writes a config for `estafeta serve` before `ready` is printed.
    #[arg(long, value_name = "FILE")]
    write_config: Option<PathBuf>,
    /// The config names no token: its account is connected by OAuth, as `estafeta connect` says.
    #[arg(long)]
    oauth: bool,
    /// What the clock shows at first, RFC 3339.
    #[arg(long)]
    now: Option<String>,
}

/// The providers' rate limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Limits {
    /// As the providers'.
    Real,
    /// None.
    Off,
}

impl From<Limits> for sandbox::Limits {
    fn from(limits: Limits) -> Self {
        match limits {
            Limits::Real => Self::Real,
            Limits::Off => Self::Off,
        }
    }
}

/// Runs the stand-ins until a signal.
pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let stop = stop_on_signals()?;
    let listener = bind(args.port).await?;
    let address = listener.local_addr()?;
    let backend = &args.backend;
    let sandbox = Sandbox::new(Options {
        public: format!("http://{address}"),
        backend: backend.url.clone(),
        data: args.data.clone(),
        now: args.now,
        limits: args.limits.into(),
        archive: assets::archive(&backend.url)?,
        assets: assets::folder(),
        sample_data: false,
    })?;
    if let Some(file) = &args.write_config {
        let data = backend_data(args.data.as_deref(), file)?;
        connect::prepare_data(&data)?;
        let connection = sandbox.connection();
        let side = Side {
            listen: backend.listen,
            public_url: &backend.url,
            data: &data,
            clock: Some(&connection.clock_url),
            limited: args.limits == Limits::Real,
            oauth: args.oauth,
            faq: false,
        };
        side.write_policy()?;
        connect::private_file(file, &connect::config(&connection, &side))?;
    }
    let playing = tokio::spawn({
        let (sandbox, until) = (sandbox.clone(), stop.soft());
        async move { sandbox.run(until).await }
    });
    let server = axum::serve(listener, sandbox.router())
        .with_graceful_shutdown(stop.soft().cancelled_owned());
    say_ready(address);
    let soft = stop.soft();
    let serving = async {
        if let Err(error) = server.await {
            tracing::error!(%error, "the sandbox's server failed");
        }
    };
    let patience = async {
        soft.cancelled().await;
        stop.finish(std::future::pending()).await;
    };
    tokio::select! {
        () = serving => {}
        () = patience => {}
    }
    soft.cancel();
    playing.await?;
    Ok(())
}

/// The backend's folder: beside the sandbox's, else beside the config.
fn backend_data(sandbox: Option<&Path>, config: &Path) -> Result<PathBuf, Failure> {
    let beside = sandbox.unwrap_or(config);
    let beside = std::path::absolute(beside)?;
    let mut name = beside.file_stem().unwrap_or_default().to_os_string();
    name.push("-backend");
    Ok(beside.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backends_folder_lies_beside() {
        let config = Path::new("/tmp/x/config.toml");
        let with_data = backend_data(Some(Path::new("/tmp/y/box")), config).unwrap();
        assert_eq!(with_data, Path::new("/tmp/y/box-backend"));
        let without = backend_data(None, config).unwrap();
        assert_eq!(without, Path::new("/tmp/x/config-backend"));
    }
}
