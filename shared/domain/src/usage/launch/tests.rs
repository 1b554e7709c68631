use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::notification::envelope::Notification;
use crate::usage::effect::{Effect, interpret};

const EVENTS: [&str; 11] = [
    "create.start",
    "create.end",
    "rebuild.start",
    "rebuild.end",
    "rescue.start",
    "rescue.end",
    "resize.prep.start",
    "resize.revert.start",
    "resize.revert.end",
    "finish_resize.start",
    "finish_resize.end",
];

/// An event of one launch, with a value in every field.
#[derive(Clone, Debug)]
struct Event {
    name: &'static str,
    second: i64,
    message_id: String,
    launched_second: i64,
    /// The value of type, flavor, tenant and image metadata.
    value: u32,
}

impl Event {
    fn change(&self) -> LaunchChange {
        let value = self.value.to_string();
        let body = json!({
            "message_id": self.message_id,
            "event_type": format!("compute.instance.{}", self.name),
            "publisher_id": "p",
            "timestamp": Micros(0).plus_seconds(self.second).to_string(),
            "_context_request_id": "req-1",
            "payload": {
                "instance_id": "i-1",
                "launched_at": Micros(0).plus_seconds(self.launched_second).to_string(),
                "tenant_id": value,
                "instance_type_id": self.value,
                "instance_flavor_id": value,
                "image_meta": {"org.openstack__1__architecture": value, "com.rackspace__1__options": value},
            },
        });
        let notification = Notification::parse(&body, None).expect("a valid notification");
        let interpretation = interpret(&notification, &notification.mark("-")).expect("no defect");
        match interpretation.effect {
            Some(Effect::Launch(change)) => change,
            other => panic!("{other:?}"),
        }
    }
}

/// A naive model of `StackTach` v2: applies events one by one, in their order.
#[derive(Debug, Default, PartialEq)]
struct Model {
    launched_at: Option<Micros>,
    instance_type_id: Option<String>,
    instance_flavor_id: Option<String>,
    tenant: Option<String>,
    rax_options: String,
}

impl Model {
    fn apply(&mut self, event: &Event) {
        let (value, at) = (event.value.to_string(), Micros(0).plus_seconds(event.launched_second));
        let name = event.name;
        if ["create.start", "rebuild.start", "rescue.start"].contains(&name) {
            self.instance_type_id = Some(value.clone());
            self.instance_flavor_id = Some(value.clone());
        }
        if ["rebuild.start", "rescue.start", "resize.prep.start", "resize.revert.start"].contains(&name)
            && self.launched_at.is_none()
        {
            self.launched_at = Some(at);
        }
        if ["resize.prep.start", "resize.revert.start"].contains(&name)
            && self.instance_type_id.is_none()
            && self.instance_flavor_id.is_none()
        {
            self.instance_type_id = Some(value.clone());
            self.instance_flavor_id = Some(value.clone());
        }
        if ["create.end", "rebuild.end", "rescue.end", "finish_resize.end", "resize.revert.end"]
            .contains(&name)
        {
            if self.launched_at.is_none_or(|old| old < at) {
                self.launched_at = Some(at);
            }
            self.instance_type_id.get_or_insert_with(|| value.clone());
            self.instance_flavor_id.get_or_insert_with(|| value.clone());
        }
        if ["finish_resize.start", "finish_resize.end", "resize.revert.end"].contains(&name) {
            self.instance_type_id = Some(value.clone());
            self.instance_flavor_id = Some(value.clone());
        }
        self.tenant = Some(value.clone());
        self.rax_options = value;
    }

    fn from_launch(launch: &Launch) -> Self {
        Self {
            launched_at: launch.launched_at,
            instance_type_id: launch.instance_type_id.clone(),
            instance_flavor_id: launch.instance_flavor_id.clone(),
            tenant: launch.tenant.clone(),
            rax_options: launch.image.rax_options.clone(),
        }
    }
}

fn merged<'a>(changes: impl IntoIterator<Item = &'a LaunchChange>) -> Launch {
    let mut changes = changes.into_iter();
    let mut launch = Launch::new(1, changes.next().expect("at least one event"));
    for change in changes {
        launch.merge(change);
    }
    launch
}

fn event(name: &'static str, second: i64, launched_second: i64, value: u32) -> Event {
    Event { name, second, message_id: format!("m-{second}"), launched_second, value }
}

/// Generates distinct events, some of them at the same time.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (prop::sample::select(EVENTS.to_vec()), 0_i64..6, 0_i64..6, 0_u32..9);
    prop::collection::vec(one, 1..8).prop_map(|events| {
        let event = |(index, (name, second, launched_second, value))| Event {
            name,
            second,
            message_id: format!("m-{index}"),
            launched_second,
            value,
        };
        events.into_iter().enumerate().map(event).collect()
    })
}

proptest! {
    #[test]
    fn merging_in_any_order_with_repeats_equals_applying_in_event_order(
        (events, order) in events().prop_flat_map(|events| {
            let indices: Vec<_> = (0..events.len()).chain(0..events.len()).collect();
            (Just(events), Just(indices).prop_shuffle())
        })
    ) {
        let mut sorted = events.clone();
        sorted.sort_by(|a, b| (a.second, &a.message_id).cmp(&(b.second, &b.message_id)));
        let mut model = Model::default();
        for event in &sorted {
            model.apply(event);
        }

        let changes: Vec<_> = events.iter().map(Event::change).collect();
        let launch = merged(order.iter().map(|index| &changes[*index]));
        prop_assert_eq!(Model::from_launch(&launch), model);
        prop_assert_eq!(&merged(sorted.iter().map(Event::change).collect::<Vec<_>>().iter()), &launch);
        for change in &changes {
            prop_assert!(!launch.clone().merge(change), "merging it again changes nothing");
        }
    }

    #[test]
    fn merging_missing_values_and_equal_marks_is_independent_of_order(
        (changes, order) in prop::collection::vec(any_change(), 1..7).prop_flat_map(|changes| {
            let indices: Vec<_> = (0..changes.len()).collect();
            (Just(changes), Just(indices).prop_shuffle())
        })
    ) {
        prop_assert_eq!(merged(order.iter().map(|index| &changes[*index])), merged(&changes));
    }
}

fn any_change() -> impl Strategy<Value = LaunchChange> {
    let value = || prop::option::of(prop::sample::select(vec!["1".to_owned(), "2".to_owned()]));
    let time = prop_oneof![
        Just(LaunchTimeChange::Keep),
        (0_i64..3).prop_map(|at| LaunchTimeChange::Fill(Micros(at))),
        (0_i64..3).prop_map(|at| LaunchTimeChange::Advance(Micros(at))),
    ];
    let flavor = prop::sample::select(vec![FlavorRule::Fill, FlavorRule::Overwrite]);
    (0_i64..3, value(), value(), value(), flavor, time).prop_map(
        |(at, tenant, instance_type_id, instance_flavor_id, flavor, launched_at)| LaunchChange {
            instance: "i-1".to_owned(),
            request_id: String::new(),
            mark: Mark { at: Micros(at), message: "m".to_owned() },
            tenant,
            image: ImageMeta::default(),
            instance_type_id,
            instance_flavor_id,
            flavor,
            launched_at,
        },
    )
}

#[test]
fn launch_after_create_start_alone_has_no_launch_time() {
    let launch = merged(&[event("create.start", 1, 1, 2).change()]);
    assert_eq!((launch.id, launch.version, launch.launched_at), (1, 1, None));
    assert_eq!((launch.instance.as_str(), launch.request_id.as_str()), ("i-1", "req-1"));
    assert_eq!(launch.instance_type_id.as_deref(), Some("2"));
}

#[test]
fn resize_with_an_older_launch_time_sets_only_the_flavor() {
    let (create, resize) =
        (event("create.end", 1, 50, 2).change(), event("finish_resize.end", 2, 40, 3).change());
    let launch = merged(&[create, resize]);
    assert_eq!(launch.launched_at, Some(Micros(0).plus_seconds(50)));
    assert_eq!(launch.instance_type_id.as_deref(), Some("3"));
}

#[test]
fn missing_value_neither_fills_nor_overwrites_a_flavor() {
    let known = event("create.start", 1, 1, 2).change();
    let empty = LaunchChange { instance_type_id: None, ..event("finish_resize.start", 2, 2, 3).change() };
    let launch = merged(&[known, empty]);
    assert_eq!(launch.instance_type_id.as_deref(), Some("2"));
    assert_eq!(launch.instance_flavor_id.as_deref(), Some("3"));
}

#[test]
fn largest_row_is_under_a_kilobyte_and_round_trips() {
    let uuid = "1818e811-892f-402b-923f-0824128b2f33";
    let events = [("finish_resize.end", 3_i64), ("resize.prep.start", 1), ("finish_resize.start", 2)];
    let changes: Vec<_> = events
        .into_iter()
        .map(|(name, second)| {
            let mut change =
                Event { message_id: uuid.to_owned(), ..event(name, 1_390_000_000 + second, 9, 2) }.change();
            change.instance = uuid.to_owned();
            change.request_id = format!("req-{uuid}");
            change
        })
        .collect();
    let launch = merged(&changes);
    assert!(launch.merge_state.filled.is_some() && launch.merge_state.advanced.is_some());
    let json = serde_json::to_string(&launch).expect("valid JSON");
    assert!(json.len() < 900, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<Launch>(&json).expect("a launch"), launch);
}
