//! Appending events to streams. Idempotent: each event joins one stream of each trigger that it matches, once.
//!
//! A pointer refers from a trigger and its distinguishing traits to the newest such stream. Events join that stream if
//! it accepts events. Otherwise it is closed for good, and a new stream is opened that names it as its predecessor. The
//! members of a closed stream never change, so a redelivered chunk finds its events by following the predecessors.

use futures::future::try_join_all;

use crate::error::{Error, Kind};
use crate::failure;
use crate::notification::event::Event;
use crate::storage::table::Race;
use crate::streams::Streams;
use crate::streams::stream::Head;
use crate::streams::trigger::{DebugLevel, DistinguishingTraits, Trigger};
use crate::time::Micros;

/// Seconds by which the clocks of two workers may differ. Bounds how far back a redelivered chunk looks for its events.
const CLOCK_SKEW_SECONDS: i64 = 300;

/// The events of a chunk that belong to the same stream.
#[derive(Clone)]
struct Group<'a> {
    trigger: &'a Trigger,
    traits: DistinguishingTraits,
    /// The events with the ids of their rows.
    events: Vec<(u64, &'a Event)>,
}

/// A plan for appending a group.
enum Plan {
    /// Do nothing: all events are members already.
    Done,
    /// Plan again: another worker changed the stream.
    Retry,
    /// Append to this stream.
    Join(Box<Head>),
    /// Open a stream.
    Open(Predecessor),
}

/// The stream that the pointer refers to when another is opened in its place.
#[derive(Clone, Copy)]
enum Predecessor {
    /// There is no pointer yet.
    None,
    /// The pointer refers to a stream whose record has been removed.
    Removed(u64),
    /// The pointer refers to a stream that accepts no more events.
    Closed(u64),
}

impl Predecessor {
    /// The id in the pointer.
    fn pointer(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Removed(id) | Self::Closed(id) => Some(id),
        }
    }

    /// The stream whose members can be looked up.
    fn previous(self) -> Option<u64> {
        match self {
            Self::None | Self::Removed(_) => None,
            Self::Closed(id) => Some(id),
        }
    }
}

impl Streams {
    /// Appends the events of a chunk, which was accepted at `received`, to the streams that they match.
    pub async fn append(&self, chunk: &str, events: &[(u64, &Event)], received: Micros) -> Result<(), Error> {
        let mut groups = self.groups(events);
        for _ in 0..failure::ATTEMPTS * 4 {
            if groups.is_empty() {
                return Ok(());
            }
            let plans = try_join_all(groups.iter_mut().map(|group| self.plan(group, received))).await?;
            let opened = plans.iter().filter(|plan| matches!(plan, Plan::Open(_))).count();
            let reserved = self.ids_reserve(chunk, opened as u64).await?;
            let mut ids = reserved.iter();
            let work = groups.into_iter().zip(plans).map(|(group, plan)| {
                let id = if matches!(plan, Plan::Open(_)) { ids.next() } else { None };
                self.execute(chunk, group, plan, id)
            });
            groups = try_join_all(work.collect::<Vec<_>>()).await?.into_iter().flatten().collect();
            self.ids_close(reserved).await?;
        }
        Err(Error::new(Kind::Conflict, "The streams of these events are busy."))
    }

    /// Groups events by stream, in their order.
    fn groups<'a>(&'a self, events: &[(u64, &'a Event)]) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for trigger in self.definitions.triggers.iter() {
            for (id, event) in events {
                let Some(traits) = matched(trigger, event) else { continue };
                let known =
                    |group: &&mut Group<'_>| group.trigger.name == trigger.name && group.traits == traits;
                match groups.iter_mut().find(known) {
                    Some(group) => group.events.push((*id, event)),
                    None => groups.push(Group { trigger, traits, events: vec![(*id, event)] }),
                }
            }
        }
        groups
    }

    /// Decides how to append a group, and removes from it the events that are members already.
    async fn plan(&self, group: &mut Group<'_>, received: Micros) -> Result<Plan, Error> {
        let now = self.now();
        let Some(id) = self.pointer_get(&group.trigger.name, &group.traits).await? else {
            return Ok(Plan::Open(Predecessor::None));
        };
        let Some(mut head) = self.head_get(id).await? else {
            return Ok(Plan::Open(Predecessor::Removed(id)));
        };
        // Closed before its members are looked up, or a slower worker could append to it afterwards.
        if head.needs_closing(now) {
            let closed = head.closed();
            if self.head_replace(&closed, head.version).await? == Race::Lost {
                return Ok(Plan::Retry);
            }
            head = closed;
        }
        self.remove_members(group, &head, received).await?;
        Ok(if group.events.is_empty() {
            Plan::Done
        } else if head.accepts_events(now) {
            Plan::Join(Box::new(head))
        } else {
            Plan::Open(Predecessor::Closed(id))
        })
    }

    /// Removes from a group the members of this stream, and of each predecessor that may still have been open when the
    /// chunk was accepted.
    async fn remove_members(
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
            let opened_before_chunk = head.created.plus_seconds(CLOCK_SKEW_SECONDS) < received;
            let Some(previous) = head.previous.filter(|_| !opened_before_chunk && !group.events.is_empty())
            else {
                return Ok(());
            };
            match self.head_get(previous).await? {
                Some(previous) => head = previous,
                None => return Ok(()),
            }
        }
    }

    /// Executes a plan. Returns the group if another worker was faster, so that it must be planned again.
    async fn execute<'a>(
        &self,
        chunk: &str,
        group: Group<'a>,
        plan: Plan,
        id: Option<u64>,
    ) -> Result<Option<Group<'a>>, Error> {
        let now = self.now();
        let (old, predecessor) = match plan {
            Plan::Done => return Ok(None),
            Plan::Retry => return Ok(Some(group)),
            Plan::Join(head) => (*head, None),
            Plan::Open(predecessor) => {
                let id = id.ok_or_else(|| Error::bug("a stream is opened without a reserved id"))?;
                let traits = group.traits.clone();
                let head = Head::new(id, &group.trigger.name, traits, predecessor.previous(), now);
                (head, Some(predecessor))
            }
        };
        let Some(mut new) = extended(&group, &old, now) else { return Ok(None) };
        if let Some((page, ids)) = new.spill_members(format!("{chunk}#{}", new.version)) {
            self.page_put(new.id, &page, &ids).await?;
        }
        let race = if let Some(predecessor) = predecessor {
            self.stream_open(&new, predecessor.pointer()).await?
        } else {
            // The due row comes first: without it, no sweep would find the stream.
            if new.due_minute != old.due_minute {
                self.due_put(new.due_minute, new.id).await?;
            }
            self.head_replace(&new, old.version).await?
        };
        if race == Race::Won && new.due_pipeline(now).is_some() {
            self.enqueue_run(new.id).await;
        }
        Ok(match race {
            Race::Won => None,
            Race::Lost => Some(group),
        })
    }

    async fn is_member(&self, head: &Head, id: u64) -> Result<bool, Error> {
        if head.events.contains(&id) {
            return Ok(true);
        }
        // Ids ascend, so the id of a new event is in no page's range and costs no read.
        for page in head.pages.iter().filter(|page| page.may_contain(id)) {
            if self.page_get(head.id, page).await?.contains(&id) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Returns the distinguishing traits of an event that matches a trigger. `None` if it does not match.
fn matched(trigger: &Trigger, event: &Event) -> Option<DistinguishingTraits> {
    match trigger.match_event(event) {
        Ok(traits) => Some(traits),
        Err(mismatches) => {
            if trigger.debug_level == DebugLevel::Reasons {
                let reasons: Vec<_> = mismatches.iter().map(ToString::to_string).collect();
                tracing::debug!(stream.trigger = trigger.name, "no match: {}", reasons.join("; "));
            }
            None
        }
    }
}

/// Returns the stream with the group's events. `None` if the trigger's expiration cannot be evaluated.
fn extended(group: &Group<'_>, head: &Head, now: Micros) -> Option<Head> {
    head.with_events(&group.events, group.trigger, now)
        .map_err(|error| {
            tracing::error!(
                stream.trigger = group.trigger.name,
                "events join no stream, because its expiration cannot be evaluated: {error}"
            );
        })
        .ok()
}
