//! Pure. Confirmations: what the downstream system answered to published usage.

use std::collections::BTreeMap;

use crate::error::{Error, Kind};

/// Messages of the largest confirmation; each costs a read and a write before the response.
pub const MOST: usize = 10_000;

/// Characters of the longest event id.
pub const LONGEST_EVENT_ID: usize = 255;

/// The downstream system's answer to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub send_status: i64,
    /// The event id that the downstream system assigned. `None` leaves the stored one unchanged.
    pub event_id: Option<String>,
}

/// The downstream system's answers to messages of both services, by message id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Messages about instances.
    pub nova: BTreeMap<String, Answer>,
    /// Messages about images.
    pub glance: BTreeMap<String, Answer>,
}

impl Confirmation {
    /// Returns the confirmation. Fails if it has more than [`MOST`] messages.
    pub fn check_size(self) -> Result<Self, Error> {
        if self.nova.len() + self.glance.len() > MOST {
            return Err(Error::new(Kind::TooLarge, format!("A batch confirms at most {MOST} messages.")));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_has_a_maximal_size() {
        let answers = |count: usize| {
            let answer = Answer { send_status: 200, event_id: None };
            (0..count).map(|id| (id.to_string(), answer.clone())).collect()
        };
        let of = |nova, glance| Confirmation { nova: answers(nova), glance: answers(glance) }.check_size();
        assert!(of(0, 0).is_ok() && of(MOST - 1, 1).is_ok());
        assert_eq!(of(MOST, 1).expect_err("too many messages").kind(), Kind::TooLarge);
    }
}
