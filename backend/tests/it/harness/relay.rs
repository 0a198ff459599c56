//! A wire between two sides that can be cut: in front of the instances, and between each of them and the database.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Where a wire leads.
#[derive(Debug, Clone)]
pub enum End {
    /// To a port of this machine.
    Port(u16),
    /// To a socket in the file system.
    Socket(PathBuf),
}

/// Listens on a port and passes on what comes, to each end in turn. Its connections end with it.
pub struct Relay {
    pub port: u16,
    is_cut: watch::Sender<bool>,
    _listening: JoinSet<()>,
}

impl Relay {
    /// A wire from `port` to `ends`. An end that takes no connection is passed over.
    pub async fn new(port: u16, ends: Vec<End>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.expect("a free port");
        let (is_cut, cut) = watch::channel(false);
        let mut listening = JoinSet::new();
        listening.spawn(listen(listener, ends, cut));
        Self {
            port,
            is_cut,
            _listening: listening,
        }
    }

    /// Nothing passes any more, and nobody is told.
    pub fn cuts(&self) {
        self.is_cut.send_replace(true);
    }

    /// New connections pass; those of before are broken.
    pub fn mends(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn listen(listener: TcpListener, ends: Vec<End>, cut: watch::Receiver<bool>) {
    let next = Arc::new(AtomicUsize::new(0));
    let ends = Arc::new(ends);
    let connections = Mutex::new(JoinSet::new());
    while let Ok((near, _)) = listener.accept().await {
        let (ends, next, cut) = (Arc::clone(&ends), Arc::clone(&next), cut.clone());
        let mut connections = connections.lock().expect("no panic");
        while connections.try_join_next().is_some() {}
        connections.spawn(async move {
            let first = next.fetch_add(1, Ordering::Relaxed);
            for turn in 0..ends.len() {
                match &ends[(first + turn) % ends.len()] {
                    End::Port(port) => {
                        if let Ok(far) = TcpStream::connect(("127.0.0.1", *port)).await {
                            return passes(near, far, cut).await;
                        }
                    }
                    End::Socket(path) => {
                        if let Ok(far) = UnixStream::connect(path).await {
                            return passes(near, far, cut).await;
                        }
                    }
                }
            }
        });
    }
}

/// Passes on until one side ends or the wire is cut; then both are held until it is mended.
async fn passes(
    mut near: TcpStream,
    mut far: impl AsyncRead + AsyncWrite + Unpin,
    mut cut: watch::Receiver<bool>,
) {
    let _ = near.set_nodelay(true);
    let is_over = tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => true,
        _ = cut.wait_for(|is_cut| *is_cut) => false,
    };
    if !is_over {
        let _ = cut.wait_for(|is_cut| !is_cut).await;
    }
}
