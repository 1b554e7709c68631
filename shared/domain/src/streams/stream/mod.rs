//! Pure. The record of a stream: its members, times and state.

mod lifecycle;
mod member_page;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::member_page::MemberPage;
use crate::notification::event::Event;
use crate::streams::state::State;
use crate::streams::timex::EvaluationError;
use crate::streams::trigger::{DistinguishingTraits, EventTimes, Trigger};
use crate::time::{Micros, Minute};
use crate::work::due;

/// Members that a head holds itself. More are moved to pages, so that a head stays within one write unit.
pub const HEAD_EVENTS: usize = 48;

/// A stream without its older members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The stream's id.
    pub id: u64,
    /// The name of its trigger.
    #[serde(rename = "nm")]
    pub trigger: String,
    /// Its state.
    #[serde(rename = "st")]
    pub state: State,
    /// The time of its earliest event.
    #[serde(rename = "fe")]
    pub first: Micros,
    /// The time of its latest event.
    #[serde(rename = "la")]
    pub last: Micros,
    /// The time at which it expires.
    #[serde(rename = "xt")]
    pub expires: Micros,
    /// The time at which it fires. `None` until its fire criteria are met.
    #[serde(rename = "ft", default, skip_serializing_if = "Option::is_none")]
    pub fires: Option<Micros>,
    /// The traits that distinguish it from other streams of its trigger.
    #[serde(rename = "dt")]
    pub traits: DistinguishingTraits,
    /// Its latest members, by the ids of their rows.
    #[serde(rename = "ev")]
    pub events: Vec<u64>,
    /// The pages that hold its older members.
    #[serde(rename = "pg", default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<MemberPage>,
    /// The number of events that meet each fire criterion, by position.
    #[serde(rename = "fc", default, skip_serializing_if = "Vec::is_empty")]
    pub criterion_counts: Vec<u64>,
    /// The stream of the same trigger and traits that was active before.
    #[serde(rename = "pr", default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<u64>,
    /// The time at which it was opened, by the engine's clock.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// The minute (since the epoch) of the row by which sweeps find it.
    #[serde(rename = "du")]
    pub due_minute: Minute,
    /// The time until which its worker may run the pipeline.
    #[serde(rename = "le", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Micros>,
    /// Whether it accepts no more events although it is active: it expired and is being replaced.
    #[serde(rename = "cl", default, skip_serializing_if = "is_false")]
    pub closed: bool,
    /// Whether it was deleted. Readers ignore a deleted stream, and nothing restores it.
    #[serde(rename = "go", default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// The time after which the table may remove a deleted stream, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// The number of writes of this record.
    #[serde(rename = "v")]
    pub version: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Head {
    /// A new stream without events, which is not stored yet.
    pub fn new(
        id: u64,
        trigger: &str,
        traits: DistinguishingTraits,
        previous: Option<u64>,
        now: Micros,
    ) -> Self {
        Self {
            id,
            trigger: trigger.to_owned(),
            state: State::Active,
            first: Micros(i64::MAX),
            last: Micros(i64::MIN),
            expires: Micros(i64::MAX),
            fires: None,
            traits,
            events: Vec::new(),
            pages: Vec::new(),
            criterion_counts: Vec::new(),
            previous,
            created: now,
            due_minute: Minute::NEVER,
            lease: None,
            closed: false,
            deleted: false,
            ttl: None,
            version: 0,
        }
    }

    /// Returns the stream with the first of these events, and the number of events that joined: all of them, unless the
    /// stream accepts no more after one of them. So the outcome does not depend on which events arrive together. Fails if
    /// the trigger's expiration cannot be evaluated for the first event.
    ///
    /// The time of firing is set when the fire criteria are met for the first time. Later events do not move it.
    pub fn with_events(
        &self,
        events: &[(u64, &Event)],
        trigger: &Trigger,
        now: Micros,
    ) -> Result<(Self, usize), EvaluationError> {
        let (mut head, mut joined) = (self.clone(), 0);
        while let Some((id, event)) = events.get(joined) {
            if joined > 0 && !head.accepts_events(now) {
                break;
            }
            head = match head.with_event(*id, event, trigger, now) {
                Err(error) if joined == 0 => return Err(error),
                Err(_) => break,
                Ok(extended) => extended,
            };
            joined += 1;
        }
        // The due row is a lower bound. A later due time does not move it: the sweep that finds the row does.
        head.due_minute = head.due_minute.min(due::minute(head.next_due(), now));
        head.version = self.version + 1;
        Ok((head, joined))
    }

    fn with_event(
        &self,
        id: u64,
        event: &Event,
        trigger: &Trigger,
        now: Micros,
    ) -> Result<Self, EvaluationError> {
        let mut head = self.clone();
        head.events.push(id);
        head.first = head.first.min(event.timestamp);
        head.last = head.last.max(event.timestamp);
        for position in trigger.fire_criteria_met_by(event) {
            if head.criterion_counts.len() <= position {
                head.criterion_counts.resize(position + 1, 0);
            }
            head.criterion_counts[position] += 1;
        }
        head.expires = trigger.expiration(EventTimes { first: head.first, last: head.last }, now)?;
        if head.fires.is_none() && trigger.is_complete(&head.criterion_counts) {
            head.fires = Some(now.plus_seconds(trigger.fire_delay));
        }
        Ok(head)
    }

    /// Moves the members to a new page if there are too many of them. Returns the page and its members.
    pub fn spill_members(&mut self, page_name: String) -> Option<(MemberPage, Vec<u64>)> {
        if self.events.len() <= HEAD_EVENTS {
            return None;
        }
        let ids = std::mem::take(&mut self.events);
        let page = MemberPage::new(page_name, &ids)?;
        self.pages.push(page.clone());
        Some((page, ids))
    }
}
