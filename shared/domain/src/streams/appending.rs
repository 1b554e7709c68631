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

/// Races that an append may lose before the chunk returns to the queue.
const MOST_RACES: u32 = 8;

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

/// What is left of a group after a plan was executed.
enum Left<'a> {
    /// Nothing: all events are members.
    Nothing,
    /// Events that did not join the stream, because it accepts no more.
    Rest(Group<'a>),
    /// All events: another worker changed the stream.
    Raced(Group<'a>),
}

impl<'a> Left<'a> {
    /// Returns what is left after this many events joined.
    fn after(mut group: Group<'a>, joined: usize) -> Self {
        group.events.drain(..joined);
        if group.events.is_empty() { Self::Nothing } else { Self::Rest(group) }
    }

    fn group(self) -> Option<Group<'a>> {
        match self {
            Self::Nothing => None,
            Self::Rest(group) | Self::Raced(group) => Some(group),
        }
    }
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
        let mut lost_races = 0;
        while !groups.is_empty() {
            let plans = try_join_all(groups.iter_mut().map(|group| self.plan(group, received))).await?;
            let opened = plans.iter().filter(|plan| matches!(plan, Plan::Open(_))).count();
            let reserved = self.ids_reserve(chunk, opened as u64).await?;
            let mut ids = reserved.iter();
            let work = groups.into_iter().zip(plans).map(|(group, plan)| {
                let id = if matches!(plan, Plan::Open(_)) { ids.next() } else { None };
                self.execute(chunk, group, plan, id)
            });
            let left = try_join_all(work.collect::<Vec<_>>()).await?;
            self.ids_close(reserved).await?;
            if left.iter().any(|left| matches!(left, Left::Raced(_))) {
                lost_races += 1;
                if lost_races == MOST_RACES {
                    return Err(Error::new(Kind::Conflict, "The streams of these events are busy."));
                }
                failure::pause(lost_races, chunk).await;
            }
            groups = left.into_iter().filter_map(Left::group).collect();
        }
        Ok(())
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

    /// Executes a plan, and returns what is left of the group.
    async fn execute<'a>(
        &self,
        chunk: &str,
        group: Group<'a>,
        plan: Plan,
        id: Option<u64>,
    ) -> Result<Left<'a>, Error> {
        let now = self.now();
        let (old, predecessor) = match plan {
            Plan::Done => return Ok(Left::Nothing),
            Plan::Retry => return Ok(Left::Raced(group)),
            Plan::Join(head) => (*head, None),
            Plan::Open(predecessor) => {
                let id = id.ok_or_else(|| Error::bug("a stream is opened without a reserved id"))?;
                let traits = group.traits.clone();
                let head = Head::new(id, &group.trigger.name, traits, predecessor.previous(), now);
                (head, Some(predecessor))
            }
        };
        let (mut new, joined) = match old.with_events(&group.events, group.trigger, now) {
            Ok(extended) => extended,
            Err(error) => {
                tracing::error!(
                    stream.trigger = group.trigger.name,
                    "an event joins no stream, because its expiration cannot be evaluated: {error}"
                );
                return Ok(Left::after(group, 1));
            }
        };
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
            Race::Won => Left::after(group, joined),
            Race::Lost => Left::Raced(group),
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
