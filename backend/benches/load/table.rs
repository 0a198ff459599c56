//! One aligned table: the figures, and the budgets beside them.

use crate::pace::Spread;
use std::time::Duration;

/// What a rate came to.
pub struct Row {
    pub name: String,
    /// Offered, done: a second.
    pub offered: u32,
    pub done: f64,
    pub spread: Spread,
    /// What is demanded; empty where nothing is.
    pub budget: &'static str,
}

/// Rows are shown as they come on stderr, and all together at the end.
pub struct Table {
    load_before: String,
    lines: Vec<String>,
    failed: usize,
}

impl Table {
    pub fn new() -> Self {
        Self {
            load_before: load_average(),
            lines: Vec::new(),
            failed: 0,
        }
    }

    pub fn add(&mut self, row: &Row) {
        let Spread { p50, p99, max } = row.spread;
        self.line(format!(
            "{:<52} {:>9} {:>8.0} {:>9} {:>9} {:>9}  {}",
            row.name,
            row.offered,
            row.done,
            ms(p50),
            ms(p99),
            ms(max),
            row.budget
        ));
    }

    /// A figure of its own.
    pub fn fact(&mut self, name: &str, value: u64, budget: &str) {
        self.line(format!("{name:<52} {value:>9} {:38}  {budget}", ""));
    }

    /// Requests without a 200 are told below the table.
    pub fn failed(&mut self, count: usize) {
        self.failed += count;
    }

    fn line(&mut self, line: String) {
        eprintln!("{}", line.trim_end());
        self.lines.push(line);
    }

    pub fn show(&self) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!(
            "\nmeasured on {cores} cores; load average {} before, {} after; burst_quiet = 0 s, the bot answers at once",
            self.load_before,
            load_average()
        );
        println!(
            "{:<52} {:>9} {:>8} {:>9} {:>9} {:>9}  budget",
            "", "offered/s", "done/s", "p50 ms", "p99 ms", "max ms"
        );
        for line in &self.lines {
            println!("{}", line.trim_end());
        }
        if self.failed > 0 {
            println!("webhooks without a 200: {}", self.failed);
        }
    }
}

fn ms(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1_000.0)
}

/// Of the last minute, five and fifteen.
fn load_average() -> String {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').take(3).collect::<Vec<_>>().join(" ")
}
