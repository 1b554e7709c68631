//! Pure. The rules of environments.

use domain::time::Micros;

use crate::record::{Changeset, Environment};

const DAY_MINUTES: i64 = 24 * 60;

/// The time of each day from `start` to just before `end`, in UTC. Crosses midnight if `end` is the earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    start: i64,
    end: i64,
}

impl Window {
    /// Parses `HH:MM-HH:MM`. Returns `None` if it is not two different times of day.
    pub fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let (start, end) = (minute_of_day(start)?, minute_of_day(end)?);
        (start != end).then_some(Self { start, end })
    }

    /// Whether a time is in the window.
    pub fn contains(&self, at: Micros) -> bool {
        let minute = at.minute().0.rem_euclid(DAY_MINUTES);
        (minute - self.start).rem_euclid(DAY_MINUTES) < (self.end - self.start).rem_euclid(DAY_MINUTES)
    }
}

fn minute_of_day(text: &str) -> Option<i64> {
    let number = |part: &str, limit: i64| {
        let is_pair = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_pair.then(|| part.parse::<i64>().ok()).flatten().filter(|number| *number < limit)
    };
    let (hour, minute) = text.split_once(':')?;
    Some(number(hour, 24)? * 60 + number(minute, 60)?)
}

/// Returns why the environment of a server does not allow to apply a changeset now. `applied` are the ids of the
/// environments of the servers that it is applied to.
pub fn objection(
    environment: &Environment,
    changeset: &Changeset,
    applied: &[u64],
    now: Micros,
) -> Option<String> {
    let Environment { name, policy, .. } = environment;
    if changeset.lacks_approvals(policy) {
        let (needed, counted) = (policy.approvals_required.max(1), changeset.counted_approvals(policy));
        let plural = if needed == 1 { "" } else { "s" };
        let others = if policy.forbid_own_approval { " by users other than its submitter" } else { "" };
        return Some(format!(
            "Environment '{name}' requires {needed} approval{plural}{others}, and changeset {} has {counted}.",
            changeset.id
        ));
    }
    if let Some(before) = policy.after_environment
        && !applied.contains(&before)
    {
        return Some(format!(
            "Environment '{name}' requires that changeset {} is applied in environment {before} before.",
            changeset.id
        ));
    }
    closed_window(environment, now)
}

/// Returns why the window of an environment does not allow to change its servers now.
pub fn closed_window(environment: &Environment, now: Micros) -> Option<String> {
    let text = environment.policy.window.as_deref()?;
    let is_open = Window::parse(text).is_some_and(|window| window.contains(now));
    (!is_open).then(|| format!("Environment '{}' allows changes at {text} UTC only.", environment.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Classification, Kind, Policy};

    const NOON: Micros = Micros(12 * 3_600 * 1_000_000);

    fn environment(policy: Policy) -> Environment {
        let (created_at, updated_at) = (Micros(0), Micros(0));
        Environment { id: 3, name: "prod".to_owned(), policy, created_at, updated_at, version: 1 }
    }

    fn approved_by(users: &[u64]) -> Changeset {
        let new = Changeset::new(7, 1, Kind::TableAlter, Classification::Painless, Some(1), Micros(0));
        let changeset = new.reviewed(true, None, 1, Micros(0)).expect("reviewed");
        users.iter().fold(changeset, |old, user| old.approved(*user, Micros(0)).expect("approved"))
    }

    #[test]
    fn windows_may_cross_midnight() {
        for (window, hour, minute, is_open) in [
            ("09:00-17:30", 9, 0, true),
            ("09:00-17:30", 17, 29, true),
            ("09:00-17:30", 17, 30, false),
            ("22:00-04:00", 23, 0, true),
            ("22:00-04:00", 3, 59, true),
            ("22:00-04:00", 12, 0, false),
        ] {
            let at = Micros((hour * 60 + minute) * 60_000_000);
            assert_eq!(
                Window::parse(window).map(|window| window.contains(at)),
                Some(is_open),
                "{window} {hour}"
            );
        }
        for text in
            ["", "09:00", "9:00-10:00", "09:00-09:00", "24:00-01:00", "09:60-10:00", "09:00-10:00-11:00"]
        {
            assert_eq!(Window::parse(text), None, "{text}");
        }
    }

    #[test]
    fn environments_without_rules_need_one_approval() {
        let environment = environment(Policy::default());
        assert_eq!(objection(&environment, &approved_by(&[1]), &[], NOON), None);
        assert!(objection(&environment, &approved_by(&[]), &[], NOON).is_some());
    }

    #[test]
    fn each_rule_has_its_objection() {
        let policy = Policy {
            approvals_required: 2,
            forbid_own_approval: true,
            window: Some("11:00-13:00".to_owned()),
            after_environment: Some(2),
            lock_wait_timeout: None,
        };
        let environment = environment(policy);
        let object =
            |users: &[u64], applied: &[u64], at| objection(&environment, &approved_by(users), applied, at);
        assert_eq!(object(&[2, 3], &[1, 2], NOON), None);
        for (objected, part) in [
            (
                object(&[1, 2], &[2], NOON),
                "requires 2 approvals by users other than its submitter, and changeset 7 has 1",
            ),
            (object(&[2, 3], &[1], NOON), "is applied in environment 2 before"),
            (object(&[2, 3], &[2], Micros(0)), "allows changes at 11:00-13:00 UTC only"),
        ] {
            assert!(objected.as_ref().is_some_and(|text| text.contains(part)), "{objected:?}");
        }
    }

    #[test]
    fn an_unreadable_window_is_closed() {
        let policy = Policy { window: Some("always".to_owned()), ..Policy::default() };
        assert!(closed_window(&environment(policy), NOON).is_some());
    }
}
