//! Several instances of the backend behind one address, on one database.

use super::data::{Kept, Server};
use super::process::{self, Process};
use super::relay::{End, Relay};
use super::{World, text_of};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::Command;

/// The instances of a world; by number, from 0.
pub struct Fleet<'a> {
    world: &'a World,
    members: Vec<Member>,
    _entrance: Relay,
}

struct Member {
    program: PathBuf,
    listen: u16,
    wire: Relay,
    process: RefCell<Option<Process>>,
    starts: Cell<u32>,
}

impl World {
    /// A sandbox, and settings for instances that share a database of this server. Where an older version serves beside this
    /// one, settings and rules are those that it has written: an upgrade changes neither.
    pub async fn for_a_fleet(server: &Server) -> Self {
        let kept = Kept::in_a_schema_of(server.clone()).await;
        let program = process::older().unwrap_or_else(process::ours);
        Self::of_program(&program, kept, "off", &[]).await
    }
}

impl World {
    /// The same, without a token: amoCRM is to be connected by OAuth.
    pub async fn for_a_fleet_without_a_token(server: &Server) -> Self {
        let kept = Kept::in_a_schema_of(server.clone()).await;
        Self::that_keeps(kept, "off", &["--oauth"]).await
    }
}

impl<'a> Fleet<'a> {
    /// So many instances, none of them started.
    pub async fn of(world: &'a World, instances: usize) -> Self {
        let Kept::InASchema { server, .. } = &world.kept else {
            panic!("a fleet needs a server");
        };
        let database = server.options();
        let database = match database.get_socket() {
            Some(folder) => End::Socket(folder.join(format!(".s.PGSQL.{}", database.get_port()))),
            None => End::Port(database.get_port()),
        };
        let mut members = Vec::new();
        for number in 0..instances {
            let older = process::older().filter(|_| number == 0);
            members.push(Member {
                program: older.unwrap_or_else(process::ours),
                listen: process::free_port(),
                wire: Relay::new(process::free_port(), vec![database.clone()]).await,
                process: RefCell::default(),
                starts: Cell::default(),
            });
        }
        let port = world
            .serve_url
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let ends = members
            .iter()
            .map(|member| End::Port(member.listen))
            .collect();
        Self {
            world,
            _entrance: Relay::new(port.expect("a port"), ends).await,
            members,
        }
    }

    /// Where each of them is reached alone.
    pub fn urls(&self) -> Vec<String> {
        let url = |member: &Member| format!("http://127.0.0.1:{}", member.listen);
        self.members.iter().map(url).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Base URL of one instance, past the common address.
    pub fn url(&self, number: usize) -> String {
        format!("http://127.0.0.1:{}", self.members[number].listen)
    }

    /// Starts an instance and waits until it serves.
    pub async fn serves(&self, number: usize) {
        self.starts(number);
        let mut process = self.members[number].process.borrow_mut().take();
        process.as_mut().expect("it was started").ready().await;
        *self.members[number].process.borrow_mut() = process;
    }

    /// Starts an instance without waiting.
    pub fn starts(&self, number: usize) {
        let (world, member) = (self.world, &self.members[number]);
        assert!(member.process.borrow().is_none(), "it runs already");
        member.starts.set(member.starts.get() + 1);
        let Kept::InASchema { server, schema } = &world.kept else {
            panic!("a fleet needs a server");
        };
        let options = server.options();
        let (user, wire) = (options.get_username(), member.wire.port);
        let name = options.get_database().unwrap_or("postgres");
        let database =
            format!("postgres://{user}@127.0.0.1:{wire}/{name}?options=-csearch_path%3D{schema}");
        let listen = format!("127.0.0.1:{}", member.listen);
        let data = text_of(&world.folder.path().join(format!("instance-{number}")));
        let process = Process::start_of(
            &member.program,
            &format!("instance-{number}-{}", member.starts.get()),
            &["serve", "--config", &text_of(world.settings())],
            &[
                ("ESTAFETA_SERVER__LISTEN", &listen),
                ("ESTAFETA_SERVER__DATA", &data),
                ("ESTAFETA_SERVER__DATABASE", &database),
            ],
            world.folder.path(),
        );
        *member.process.borrow_mut() = Some(process);
    }

    /// `kill -9`.
    pub fn kills(&self, number: usize) {
        let process = self.members[number].process.borrow_mut().take();
        let mut process = process.expect("it runs");
        process.kill();
        self.world.sandbox.remember(process);
    }

    /// It stands still, and does not know it.
    pub fn stops(&self, number: usize) {
        self.signals(number, "-STOP");
    }

    /// It goes on where it stood still.
    pub fn goes_on(&self, number: usize) {
        self.signals(number, "-CONT");
    }

    /// Between it and the database nothing passes any more.
    pub fn cuts(&self, number: usize) {
        self.members[number].wire.cuts();
    }

    /// It reaches the database again.
    pub fn mends(&self, number: usize) {
        self.members[number].wire.mends();
    }

    /// Whether all of them run.
    pub fn are_alive(&self) -> bool {
        let is_alive = |member: &Member| {
            let mut process = member.process.borrow_mut();
            process.as_mut().is_some_and(Process::is_alive)
        };
        self.members.iter().all(is_alive)
    }

    fn signals(&self, number: usize, signal: &str) {
        let process = self.members[number].process.borrow();
        let id = process.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill {signal} {id}"
        );
    }
}
