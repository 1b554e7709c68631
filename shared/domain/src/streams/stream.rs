//! Pure. A stream: which events of one thing and time came together, and when it is due.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::notification::event::Event;
use crate::streams::state::{PipelineKind, State};
use crate::streams::trigger::Distinguishing;
use crate::time::Micros;
use crate::work::due;

/// Events that a head names itself; more go to pages, so that a head stays within one write unit.
pub const OWN_EVENTS: usize = 48;

/// What there is to know of a stream but its older events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its id.
    pub id: u64,
    /// The trigger that opened it.
    #[serde(rename = "nm")]
    pub trigger: String,
    /// Where it is in its life.
    #[serde(rename = "st")]
    pub state: State,
    /// The time of its earliest event.
    #[serde(rename = "fe")]
    pub first: Micros,
    /// The time of its latest event.
    #[serde(rename = "la")]
    pub last: Micros,
    /// When it expires.
    #[serde(rename = "xt")]
    pub expires: Micros,
    /// When it fires; none before its criteria are met.
    #[serde(rename = "ft", default, skip_serializing_if = "Option::is_none")]
    pub fires: Option<Micros>,
    /// What tells it from other streams of its trigger.
    #[serde(rename = "dt")]
    pub traits: BTreeMap<String, Distinguishing>,
    /// Its latest members, by the ids of their rows.
    #[serde(rename = "ev")]
    pub events: Vec<u64>,
    /// Where its older members are.
    #[serde(rename = "pg", default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page>,
    /// By how many events each fire criterion is met.
    #[serde(rename = "fc", default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<u64>,
    /// The stream of the same trigger and traits that was active before.
    #[serde(rename = "pr", default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<u64>,
    /// When it was opened, by the engine's clock.
    #[serde(rename = "cr")]
    pub created: Micros,
    /// The minute (since the epoch) in which it is looked at.
    #[serde(rename = "du")]
    pub due: i64,
    /// Until when its worker may run its pipeline.
    #[serde(rename = "le", default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Micros>,
    /// Whether it takes no more events although it is active: another was opened after it.
    #[serde(rename = "cl", default, skip_serializing_if = "is_false")]
    pub closed: bool,
    /// Whether it was deleted: nobody sees it any more, and nobody brings it back.
    #[serde(rename = "go", default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// When the record of a deleted one may go, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// Counts its changes, from 1.
    #[serde(rename = "v")]
    pub version: u64,
}

/// Some older members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Names the page among those of its stream.
    #[serde(rename = "k")]
    pub name: String,
    /// The lowest of its ids.
    #[serde(rename = "l")]
    pub low: u64,
    /// The highest of its ids.
    #[serde(rename = "h")]
    pub high: u64,
}

/// What a trigger says of a stream after more events.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// When it expires.
    pub expires: Micros,
    /// Whether its fire criteria are met.
    pub ready: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Head {
    /// A stream that is being opened, without events yet.
    pub fn opened(
        id: u64,
        trigger: &str,
        traits: BTreeMap<String, Distinguishing>,
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
            met: Vec::new(),
            previous,
            created: now,
            due: i64::MAX,
            lease: None,
            closed: false,
            deleted: false,
            ttl: None,
            version: 0,
        }
    }

    /// Whether it takes events now.
    pub fn takes(&self, now: Micros) -> bool {
        self.state == State::Active && !self.closed && !self.deleted && self.expires > now
    }

    /// The same with more events. `met` says which fire criteria an event meets, `outlook` what the trigger then says.
    ///
    /// Fire criteria that are met once stay met: the time of firing is set once, and no later event moves it.
    pub fn with_events<E>(
        &self,
        events: &[(u64, &Event)],
        met: impl Fn(&Event) -> Vec<usize>,
        fire_delay: i64,
        now: Micros,
        outlook: impl Fn(&Self) -> Result<Outlook, E>,
    ) -> Result<Self, E> {
        let mut head = Self { version: self.version + 1, ..self.clone() };
        for (id, event) in events {
            head.events.push(*id);
            head.first = head.first.min(event.timestamp);
            head.last = head.last.max(event.timestamp);
            for criterion in met(event) {
                if head.met.len() <= criterion {
                    head.met.resize(criterion + 1, 0);
                }
                head.met[criterion] += 1;
            }
        }
        let Outlook { expires, ready } = outlook(&head)?;
        head.expires = expires;
        if ready && head.fires.is_none() {
            head.fires = Some(now.plus_seconds(fire_delay));
        }
        // The due row is a lower bound: only what comes earlier moves it, what comes later is found when it is met.
        head.due = head.due.min(due::minute(head.next_due(), now));
        Ok(head)
    }

    /// When the stream is to be looked at next.
    pub fn next_due(&self) -> Micros {
        match (self.lease, self.fires) {
            (Some(lease), _) => lease,
            (None, Some(fires)) if self.state != State::RetryExpire => fires.min(self.expires),
            _ => self.expires,
        }
    }

    /// Which pipeline is due now, in whichever state the stream is; none where none is.
    pub fn turn(&self, now: Micros) -> Option<PipelineKind> {
        if self.deleted {
            return None;
        }
        match self.state {
            State::Active if self.fires.is_some_and(|fires| fires <= now) => Some(PipelineKind::Fire),
            State::Active if self.expires < now => Some(PipelineKind::Expire),
            State::RetryFire => Some(PipelineKind::Fire),
            State::RetryExpire => Some(PipelineKind::Expire),
            State::Firing if self.lease.is_some_and(|lease| lease < now) => Some(PipelineKind::Fire),
            State::Expiring if self.lease.is_some_and(|lease| lease < now) => Some(PipelineKind::Expire),
            _ => None,
        }
    }

    /// Whether it will be due some time without anybody's doing.
    pub fn waits(&self) -> bool {
        let is_waiting = matches!(
            self.state,
            State::Active | State::RetryFire | State::RetryExpire | State::Firing | State::Expiring
        );
        is_waiting && !self.deleted
    }

    /// The same, its pipeline running until `lease` at most.
    pub fn picked_up(&self, turn: PipelineKind, lease: Micros, now: Micros) -> Option<Self> {
        let state = self.state.picked_up(turn)?;
        let due = due::minute(lease, now);
        Some(Self { state, lease: Some(lease), due, version: self.version + 1, ..self.clone() })
    }

    /// The same after its pipeline ran, or failed.
    pub fn ended(&self, succeeded: bool) -> Option<Self> {
        let state = self.state.ended(succeeded)?;
        Some(Self { state, lease: None, version: self.version + 1, ..self.clone() })
    }

    /// The same after a reset; none where a reset changes nothing.
    pub fn reset(&self, now: Micros) -> Option<Self> {
        let state = self.state.reset()?;
        Some(Self { state, due: due::minute(now, now), version: self.version + 1, ..self.clone() })
    }

    /// The same, taking no more events.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { closed: true, version: self.version + 1, ..self.clone() }
    }

    /// What is left of a deleted one for a while: enough to know its members, and that nobody brings it back.
    #[must_use]
    pub fn tombstone(&self, expires: i64) -> Self {
        Self { deleted: true, lease: None, ttl: Some(expires), version: self.version + 1, ..self.clone() }
    }

    /// The members that must leave the head for a page; none as long as they fit.
    pub fn spilled(&mut self, name: String) -> Option<(Page, Vec<u64>)> {
        if self.events.len() <= OWN_EVENTS {
            return None;
        }
        let ids = std::mem::take(&mut self.events);
        let (low, high) = (*ids.iter().min()?, *ids.iter().max()?);
        let page = Page { name, low, high };
        self.pages.push(page.clone());
        Some((page, ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seconds: i64) -> Event {
        Event {
            message_id: "m".to_owned(),
            event_type: "e".to_owned(),
            timestamp: Micros(0).plus_seconds(seconds),
            traits: BTreeMap::new(),
        }
    }

    fn at(seconds: i64) -> Micros {
        Micros(0).plus_seconds(seconds)
    }

    /// A stream that expires 100 seconds after its last event and is ready after two.
    fn with(head: &Head, events: &[(u64, Event)], now: i64) -> Head {
        let events: Vec<_> = events.iter().map(|(id, event)| (*id, event)).collect();
        let outlook = |head: &Head| {
            Ok::<_, ()>(Outlook { expires: head.last.plus_seconds(100), ready: head.met.first() >= Some(&2) })
        };
        head.with_events(&events, |_| vec![0], 5, at(now), outlook).expect("it is fine")
    }

    fn opened() -> Head {
        Head::opened(1, "t", BTreeMap::new(), None, at(0))
    }

    #[test]
    fn events_widen_a_stream_and_set_its_firing_once() {
        let head = with(&opened(), &[(7, event(50))], 60);
        assert_eq!((head.first, head.last, head.expires, head.fires), (at(50), at(50), at(150), None));
        assert_eq!((head.version, head.due), (1, 3));
        let head = with(&head, &[(8, event(20)), (9, event(90))], 61);
        assert_eq!((head.first, head.last, head.expires), (at(20), at(90), at(190)));
        assert_eq!((head.fires, head.events.as_slice()), (Some(at(66)), &[7, 8, 9][..]));
        assert_eq!(head.due, 2, "it fires before it expires");
        assert_eq!(with(&head, &[(10, event(95))], 80).fires, Some(at(66)));
    }

    #[test]
    fn a_stream_takes_events_while_it_is_active_and_open_and_not_expired() {
        let head = with(&opened(), &[(7, event(0))], 0);
        assert!(head.takes(at(99)) && !head.takes(at(100)));
        assert!(!head.closed().takes(at(1)));
        assert!(!head.tombstone(0).takes(at(1)));
        assert!(!head.picked_up(PipelineKind::Fire, at(60), at(1)).expect("it can be").takes(at(1)));
    }

    #[test]
    fn what_is_due_is_fired_before_it_is_expired_and_again_after_its_worker_died() {
        let head = with(&opened(), &[(7, event(0)), (8, event(0))], 0);
        assert_eq!(
            (head.turn(at(4)), head.turn(at(5)), head.turn(at(500))),
            (None, Some(PipelineKind::Fire), Some(PipelineKind::Fire))
        );
        let idle = with(&opened(), &[(7, event(0))], 0);
        assert_eq!((idle.turn(at(100)), idle.turn(at(101))), (None, Some(PipelineKind::Expire)));
        let firing = head.picked_up(PipelineKind::Fire, at(60), at(5)).expect("it is due");
        assert_eq!((firing.turn(at(60)), firing.turn(at(61))), (None, Some(PipelineKind::Fire)));
        let failed = firing.ended(false).expect("it ran");
        assert_eq!((failed.turn(at(999)), failed.waits()), (None, false));
        let again = failed.reset(at(70)).expect("it failed");
        assert_eq!((again.turn(at(70)), again.state), (Some(PipelineKind::Fire), State::RetryFire));
        assert_eq!(firing.ended(true).expect("it ran").reset(at(70)), None);
    }

    #[test]
    fn members_go_to_a_page_once_there_are_too_many() {
        let events: Vec<_> = (1..=49).map(|id| (id, event(0))).collect();
        let mut head = with(&opened(), &events[..48], 0);
        assert_eq!(head.spilled("a".to_owned()), None);
        head = with(&head, &events[48..], 0);
        let (page, ids) = head.spilled("b".to_owned()).expect("there are too many");
        assert_eq!((page.low, page.high, ids.len()), (1, 49, 49));
        assert_eq!((head.events.len(), head.pages.as_slice()), (0, &[page][..]));
    }
}
