//! Pure. Whether an exists record agrees with the ledger.

use std::str::FromStr;

/// Which fields of an exists are validated before it is compared with the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// No field.
    None,
    /// Tenant, launch time and flavor.
    Basic,
    /// As `Basic`, and options, architecture, distribution and version.
    All,
}

/// The flavor field that an exists and its launch must agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlavorField {
    /// `instance_type_id`.
    InstanceTypeId,
    /// `instance_flavor_id`.
    InstanceFlavorId,
}

impl FromStr for Level {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "basic" => Ok(Self::Basic),
            "all" => Ok(Self::All),
            _ => Err("one of none, basic, all is expected"),
        }
    }
}

impl FromStr for FlavorField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instance_type_id" => Ok(Self::InstanceTypeId),
            "instance_flavor_id" => Ok(Self::InstanceFlavorId),
            _ => Err("instance_type_id or instance_flavor_id is expected"),
        }
    }
}
use crate::time::Micros;
use crate::usage::status::{BadTransition, Status};
/// x
pub fn due_from(end: Micros, settle: i64) -> Micros { end.plus_seconds(settle) }
/// x
#[derive(Debug, Clone)]
pub struct Verdict { /// x
 pub usage: Option<u64>, /// x
 pub delete: Option<u64>, /// x
 pub fail_reason: Option<String> }
impl Verdict { /// x
 pub fn passed(&self) -> bool { true } /// x
 pub fn conclude(&self, s: Status) -> Result<Status, BadTransition> { s.verify() } }
/// x
pub mod nova { use super::*; /// x
 pub fn verdict(e: &crate::usage::exists::InstanceExists, l: &crate::usage::ledger::InstanceLedger, s: &crate::config::Verify, now: Micros) -> Verdict { todo!() } }
/// x
pub mod glance { use super::*; /// x
 pub fn verdicts(e: &[crate::usage::exists::ImageExists], l: &crate::usage::ledger::ImageLedger, now: Micros) -> Vec<Verdict> { todo!() } }
