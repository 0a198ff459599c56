//! The backend is asked to stop, as the system does it.

use super::{World, on, until};
use std::process::Command;

impl World {
    /// `kill -TERM`, without waiting for what comes of it.
    pub fn asks_the_backend_to_stop(&self) {
        let serve = self.serve.borrow();
        let id = serve.as_ref().expect("the backend runs").id();
        let asked = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status();
        assert!(
            asked.is_ok_and(|status| status.success()),
            "kill -TERM {id}"
        );
    }

    /// Waits until the backend has ended by itself; what it wrote into its log.
    pub async fn ends(&self) -> String {
        until("the backend ends", async || !self.is_alive()).await;
        let log = self.log();
        assert_eq!(self.dies().await, None, "no signal ended it");
        log
    }

    /// What is not over in the outbox: lane, phase, whether it is claimed.
    pub async fn open_acts(&self) -> Vec<(String, String, bool)> {
        let query = "SELECT lane, phase, claimed FROM outbox WHERE state = 'open' ORDER BY id";
        let open: Vec<(String, String, i64)> = on!(self.data().await, database => {
            sqlx::query_as(query).fetch_all(&mut database).await
        })
        .expect("an outbox");
        open.into_iter()
            .map(|(lane, phase, claimed)| (lane, phase, claimed != 0))
            .collect()
    }
}
