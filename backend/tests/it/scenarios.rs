//! The masterplan's scenarios, step by step: a real backend beside the sandbox.
//!
//! Where a guest's words say too little for the rules of `understand`, the sandbox's bot reports what they mean: a
//! trigger looks at both.

mod account;
mod departure;
mod give_back;
mod handoff;
mod new_guest;
mod robot;
mod silence;
mod take;

const PHONE: &str = "79000000001";
