//! Integration tests: the real binary against the sandbox's stand-ins, over real HTTP.
//!
//! Each test starts its own sandbox and its own backend (`harness`), plays guests and managers on the sandbox's control
//! surface, and looks at what reached the guest and the CRM. Nothing is measured in machine time: a wait ends when its
//! condition holds, and the business clock is moved by hand.

mod accounts;
mod alerts;
mod api;
mod architecture;
mod bad_input;
mod booking;
mod bot;
mod bot_check;
mod bot_eval;
mod bot_injection;
mod browser;
mod budgets;
mod card_access;
mod card_live;
mod card_robust;
mod card_states;
mod card_widths;
mod catchup;
mod contract;
mod contract_pact;
mod crash;
mod doctor;
mod failpoints;
mod harness;
mod knowledge_access;
mod knowledge_page;
mod live;
mod moving;
mod oauth;
mod pact;
mod path;
mod policy;
mod privacy;
mod probe;
mod races;
mod replay;
mod scenarios;
mod settings;
mod settings_access;
mod settings_robust;
mod setup;
mod shown;
mod stop;
mod storm;
