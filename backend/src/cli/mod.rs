//! The command line (DESIGN §8). A failure is one sentence on stderr that says what to do: exit code 2 for a wrong use,
//! 1 for everything else.

mod account;
mod archive;
mod assets;
mod bot_check;
mod bot_eval;
mod clock;
mod connect;
mod decide;
mod demo;
mod doctor;
mod erase;
mod guest;
mod knowledge;
mod language;
mod link;
mod log;
mod migrate;
mod place;
mod policy;
mod probe;
mod replay;
mod sandbox;
mod serve;
mod setup_link;
mod understand;
mod url;

use crate::app;
use crate::config::Config;
use crate::lifecycle::Stop;
use crate::telemetry;
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// A sentence for the person at the terminal.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Outcome = Result<ExitCode, Failure>;

/// Estafeta: a dialog passes between the bot and a manager, and is never dropped.
#[derive(Parser)]
#[command(name = "estafeta", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Backend and stand-ins of amoCRM, Pact and the bot in one process.
    Demo(demo::Args),
    /// The stand-ins alone, and a config for `serve`.
    Sandbox(sandbox::Args),
    /// The backend.
    Serve(serve::Args),
    /// The link by which an administrator connects an account of amoCRM.
    Connect(link::Args),
    /// A new link to the setup page of the backend.
    SetupLink(setup_link::Args),
    /// Checks everything that can be reached: one line each, and what to do.
    Doctor(doctor::Args),
    /// Asks the real accounts what the references leave open, and changes nothing: a report.
    Probe(probe::Args),
    /// Writes the widget's archive for a backend.
    Widget(archive::Widget),
    /// Holds an archive against amoCRM's rules.
    Check(archive::Check),
    /// What becomes of cases: JSON lines on stdin, JSON lines on stdout.
    Decide(decide::Args),
    /// What a message says, and by which words.
    Understand(understand::Args),
    /// Policies.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Knowledge bases.
    #[command(subcommand)]
    Knowledge(knowledge::Command),
    /// Accounts.
    #[command(subcommand)]
    Account(account::Command),
    /// Guests.
    #[command(subcommand)]
    Guest(guest::Command),
    /// The calls to amoCRM, Pact and the bot, newest last: JSON lines without names, phones and texts.
    Log(log::Args),
    /// Moves all data from the file of one machine to a PostgreSQL database.
    Migrate(migrate::Args),
    /// Whether a bot keeps to the contract: asks it, and prints what fails.
    BotCheck(bot_check::Args),
    /// How well a bot answers labelled questions: a table, or JSON.
    BotEval(bot_eval::Args),
    /// Judges recorded dialogs again under another policy.
    Replay(replay::Args),
}

/// Runs what the command line asks for.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Demo(args) => served(demo::run(args)),
        Command::Sandbox(args) => served(sandbox::run(args)),
        Command::Serve(args) => served(serve::run(args)),
        Command::Connect(args) => link::run(&args),
        Command::SetupLink(args) => setup_link::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Probe(args) => probe::run(&args),
        Command::Widget(args) => archive::write(&args),
        Command::Check(args) => archive::check(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Understand(args) => understand::run(&args),
        Command::Policy(command) => policy::run(&command),
        Command::Knowledge(command) => knowledge::run(&command),
        Command::Account(command) => account::run(&command),
        Command::Guest(command) => guest::run(&command),
        Command::Log(args) => log::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::BotCheck(args) => bot_check::run(&args),
        Command::BotEval(args) => bot_eval::run(&args),
        Command::Replay(args) => replay::run(&args),
    };
    outcome.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::FAILURE
    })
}

/// Runs a server: with a log, on all cores.
fn served(server: impl Future<Output = Result<(), Failure>>) -> Outcome {
    telemetry::start_log();
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(server);
    // Work that did not end in time must not hold the process.
    runtime.shutdown_background();
    outcome.map(|()| ExitCode::SUCCESS)
}

/// Runs a short look at the data, or a change of them.
fn asked<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// The settings, together with the accounts that were set up on the page of the backend.
fn settings(file: &std::path::Path) -> Result<Config, Failure> {
    let mut config = Config::load(file)?;
    let set_up = asked(async { Ok(app::set_up(&config).await?) })?;
    config.accounts.extend(set_up);
    Ok(config)
}

/// Prints a line. Whoever reads may have seen enough and gone; that is no failure.
fn say(line: impl std::fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// The wish to stop that follows the process's signals.
fn stop_on_signals() -> Result<Stop, Failure> {
    let stop = Stop::new();
    stop.on_signals()?;
    Ok(stop)
}

/// Tells whoever started the process that requests are answered.
fn say_ready(address: std::net::SocketAddr) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(out, "ready http://{address}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_use_is_told_from_a_failure() {
        let wrong = Cli::try_parse_from(["estafeta", "serve"])
            .err()
            .expect("no --config");
        assert_eq!(wrong.exit_code(), 2);
    }
}
