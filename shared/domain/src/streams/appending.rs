//! Putting events into streams: each event into one stream of each trigger that it matches, once, whatever is repeated.
//!
//! A pointer leads from a trigger and its traits to the newest stream. Events join that one if it takes events;
//! otherwise it is closed for good, and a new one is opened whose head names it as its predecessor. Since membership of
//! a closed stream never changes, and each stream names the one before it, a repeat finds where its events are already.

use std::collections::BTreeMap;

use futures::future::try_join_all;

use crate::error::{Error, Kind};
use crate::failure;
use crate::notification::event::Event;
use crate::streams::Streams;
use crate::streams::state::State;
use crate::streams::stream::{Head, Outlook};
use crate::streams::timex::EvaluationError;
use crate::streams::trigger::{DebugLevel, Distinguished, Distinguishing, Trigger};
use crate::time::Micros;

/// Seconds by which the clocks of two workers may differ, in how far back a repeat looks for its events.
const SKEW_SECONDS: i64 = 300;

/// Events of one chunk that belong into one stream.
#[derive(Clone)]
struct Group<'a> {
    trigger: &'a Trigger,
    traits: BTreeMap<String, Distinguishing>,
    /// By the ids of their rows.
    events: Vec<(u64, &'a Event)>,
}

/// What is to be done with a group, by what was found.
enum Plan {
    /// All its events are in a stream.
    Nothing,
    /// Somebody else was faster: it is looked at once more.
    Again,
    /// They join this one.
    Join(Box<Head>),
    /// A stream is opened for them.
    Open {
        /// What the pointer leads to now.
        standing: Option<u64>,
        /// The stream before, if it is still known.
        previous: Option<u64>,
    },
}

impl Streams {
    /// Puts the events of a chunk, which was accepted at `received`, into the streams that they match.
    pub async fn append(&self, chunk: &str, events: &[(u64, &Event)], received: Micros) -> Result<(), Error> {
        let mut groups = self.groups(events);
        for _ in 0..failure::ATTEMPTS * 4 {
            if groups.is_empty() {
                return Ok(());
            }
            let plans = try_join_all(groups.iter_mut().map(|group| self.plan(group, received))).await?;
            let wanted = plans.iter().filter(|plan| matches!(plan, Plan::Open { .. })).count();
            let ids = self.numbers(chunk, wanted as u64).await?;
            let mut numbers = ids.iter();
            let work = groups.into_iter().zip(plans).map(|(group, plan)| {
                let number = if matches!(plan, Plan::Open { .. }) { numbers.next() } else { None };
                self.carry_out(chunk, group, plan, number)
            });
            groups = try_join_all(work.collect::<Vec<_>>()).await?.into_iter().flatten().collect();
            self.numbers_close(ids).await?;
        }
        Err(Error::new(Kind::Conflict, "The streams of these events are busy."))
    }

    /// The events of each stream together, in the order in which they came.
    fn groups<'a>(&'a self, events: &[(u64, &'a Event)]) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for trigger in self.rules.triggers.iter() {
            for (id, event) in events {
                let traits = match trigger.matched(event) {
                    Ok(Distinguished(traits)) => traits,
                    Err(mismatches) => {
                        if trigger.debug_level > DebugLevel::Counts {
                            let reasons: Vec<_> = mismatches.iter().map(ToString::to_string).collect();
                            tracing::debug!(
                                stream.trigger = trigger.name,
                                "no match: {}",
                                reasons.join("; ")
                            );
                        }
                        continue;
                    }
                };
                match groups
                    .iter_mut()
                    .find(|group| group.trigger.name == trigger.name && group.traits == traits)
                {
                    Some(group) => group.events.push((*id, event)),
                    None => groups.push(Group { trigger, traits, events: vec![(*id, event)] }),
                }
            }
        }
        groups
    }

    /// Finds out what is to be done with a group, and leaves out of it what is in a stream already.
    async fn plan(&self, group: &mut Group<'_>, received: Micros) -> Result<Plan, Error> {
        let now = self.now();
        let Some(standing) = self.pointer_get(&group.trigger.name, &group.traits).await? else {
            return Ok(Plan::Open { standing: None, previous: None });
        };
        let Some(head) = self.head_get(standing).await? else {
            return Ok(Plan::Open { standing: Some(standing), previous: None });
        };
        // Closed before it is looked through: a slower worker could still append to it otherwise.
        let takes = head.takes(now);
        let head =
            if takes || head.closed || !is_open(&head) { Some(head) } else { self.close(head).await? };
        let Some(head) = head else { return Ok(Plan::Again) };
        self.leave_out_members(group, &head, received).await?;
        Ok(match (group.events.is_empty(), takes) {
            (true, _) => Plan::Nothing,
            (false, true) => Plan::Join(Box::new(head)),
            (false, false) => Plan::Open { standing: Some(standing), previous: Some(standing) },
        })
    }

    /// Closes an expired stream for good; none where it changed meanwhile.
    async fn close(&self, head: Head) -> Result<Option<Head>, Error> {
        let closed = head.closed();
        let standing = self.head_replace(&closed, head.version).await?;
        Ok(standing.is_none().then_some(closed))
    }

    /// Leaves out the events that are in this stream, or in one before it that was not replaced yet when the chunk was
    /// accepted.
    async fn leave_out_members(
        &self,
        group: &mut Group<'_>,
        head: &Head,
        received: Micros,
    ) -> Result<(), Error> {
        let mut head = head.clone();
        loop {
            let mut others = Vec::new();
            for (id, event) in &group.events {
                if !self.is_member(&head, *id).await? {
                    others.push((*id, *event));
                }
            }
            group.events = others;
            let was_replaced_before = head.created.plus_seconds(SKEW_SECONDS) < received;
            let Some(previous) = head.previous.filter(|_| !was_replaced_before && !group.events.is_empty())
            else {
                return Ok(());
            };
            match self.head_get(previous).await? {
                Some(before) => head = before,
                None => return Ok(()),
            }
        }
    }

    /// Does it; the group again where somebody else was faster.
    async fn carry_out<'a>(
        &self,
        chunk: &str,
        group: Group<'a>,
        plan: Plan,
        number: Option<u64>,
    ) -> Result<Option<Group<'a>>, Error> {
        let now = self.now();
        let (old, standing) = match plan {
            Plan::Nothing => return Ok(None),
            Plan::Again => return Ok(Some(group)),
            Plan::Join(head) => (*head, None),
            Plan::Open { standing, previous } => {
                let id = number.ok_or_else(|| Error::bug("a stream was opened without a number"))?;
                (Head::opened(id, &group.trigger.name, group.traits.clone(), previous, now), Some(standing))
            }
        };
        let Some(mut new) = grown(&group, &old, now) else { return Ok(None) };
        if let Some((page, ids)) = new.spilled(format!("{chunk}#{}", new.version)) {
            self.page_put(new.id, &page, &ids).await?;
        }
        let is_done = if let Some(standing) = standing {
            self.stream_open(&new, standing).await?
        } else {
            // The due row first: a head that is due without one would be forgotten.
            if new.due != old.due {
                self.due_put(new.due, new.id).await?;
            }
            self.head_replace(&new, old.version).await?.is_none()
        };
        if is_done && new.turn(now).is_some() {
            self.send_run(new.id).await;
        }
        Ok(if is_done { None } else { Some(group) })
    }

    async fn is_member(&self, head: &Head, id: u64) -> Result<bool, Error> {
        if head.events.contains(&id) {
            return Ok(true);
        }
        // Ids ascend, so that a new event is in no page's range and costs no read.
        for page in head.pages.iter().filter(|page| (page.low..=page.high).contains(&id)) {
            if self.page_get(head.id, page).await?.contains(&id) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a slower worker may still append to it.
fn is_open(head: &Head) -> bool {
    head.state == State::Active && !head.deleted
}

/// The stream with the group's events; none where its trigger cannot say when it expires.
fn grown(group: &Group<'_>, head: &Head, now: Micros) -> Option<Head> {
    let trigger = group.trigger;
    let outlook = |head: &Head| {
        let expires = trigger.expiration(head.first, head.last, now)?;
        Ok(Outlook { expires, ready: trigger.ready(&head.met) })
    };
    let grown =
        head.with_events(&group.events, |event| trigger.met_by(event), trigger.fire_delay, now, outlook);
    grown
        .map_err(|error: EvaluationError| {
            tracing::error!(stream.trigger = trigger.name, "events join no stream: {error}");
        })
        .ok()
}
