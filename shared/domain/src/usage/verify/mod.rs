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
