use super::*;
use crate::notification::mark::Mark;
use crate::usage::exists::Progress;
use crate::usage::status::Status;

const A: &str = "1818e811-892f-402b-923f-0824128b2f33";
const B: &str = "2818e811-892f-402b-923f-0824128b2f33";

fn at(text: &str) -> Micros {
    Micros::parse(text).expect("a time")
}

fn exists(uuid: &str, size: i64) -> ImageExists {
    ImageExists {
        id: 7,
        uuid: uuid.to_owned(),
        created_at: at("2014-01-17 10:00:00"),
        deleted_at: None,
        audit_period_beginning: at("2014-01-17 00:00:00"),
        audit_period_ending: at("2014-01-17 23:59:59"),
        owner: Some("5853600".to_owned()),
        size,
        group_size: 1,
        group_first: 7,
        progress: Progress {
            message_id: None,
            raw: 1,
            received: at("2014-01-17 09:20:00"),
            usage: None,
            delete: None,
            status: Status::Verifying,
            fail_reason: None,
            send_status: 0,
            event_id: None,
            token: 0,
            lease: None,
        },
    }
}

fn mark(at: i64) -> Mark {
    Mark { at: Micros(at), message: "m".to_owned() }
}

fn image(id: u64, uuid: &str, size: i64) -> Image {
    Image {
        id,
        uuid: uuid.to_owned(),
        created_at: at("2014-01-17 10:00:00.25"),
        owner: Some("5853600".to_owned()),
        size,
        last_raw: 1,
        event: mark(id.cast_signed()),
    }
}

fn delete(id: u64, deleted_at: Option<&str>) -> ImageDelete {
    ImageDelete {
        id,
        uuid: A.to_owned(),
        deleted_at: deleted_at.map(at),
        raw: 1,
        event: mark(id.cast_signed()),
    }
}

fn judge(exists: &ImageExists, images: &[Image], deletes: &[ImageDelete]) -> Verdict {
    let group = verdicts(std::slice::from_ref(exists), images, deletes, at("2014-01-18 00:05:00"));
    let [verdict] = group.verdicts.try_into().expect("one verdict");
    assert_eq!(group.announced, verdict.passes());
    verdict
}

fn fails(exists: &ImageExists, images: &[Image], deletes: &[ImageDelete], reason: &str) {
    let verdict = judge(exists, images, deletes);
    assert_eq!(verdict.fail_reason(), Some(format!("2014-01-18 00:05:00 UTC{reason}").as_str()));
}

#[test]
fn what_agrees_is_verified_and_linked() {
    let verdict = judge(&exists(A, 1), &[image(3, B, 9), image(4, A, 1)], &[]);
    assert_eq!(verdict, Verdict { outcome: Outcome::Verified, usage: Some(4), delete: None });

    let deleted = ImageExists { deleted_at: Some(at("2014-01-17 12:00:00")), ..exists(A, 1) };
    let verdict = judge(&deleted, &[image(4, A, 1)], &[delete(5, Some("2014-01-17 12:00:00.5"))]);
    assert_eq!(verdict, Verdict { outcome: Outcome::Verified, usage: Some(4), delete: Some(5) });
}

#[test]
fn of_two_activations_the_first_event_counts() {
    let images = [image(5, A, 2), image(4, A, 1)];
    assert_eq!(judge(&exists(A, 1), &images, &[]).usage, Some(4));
    assert!(judge(&exists(A, 1), &images, &[]).passes());
    assert!(!judge(&exists(A, 2), &images, &[]).passes());
}

#[test]
fn each_field_must_be_that_of_the_activation() {
    let good = image(4, A, 1);
    let other_time = Image { created_at: at("2014-01-17 10:00:01"), ..good.clone() };
    let other_owner = Image { owner: None, ..good.clone() };
    let other_size = Image { size: 2, ..good };
    for (image, reason) in [
        (
            other_time,
            "'created_at' differs: exists has '2014-01-17 10:00:00', launches has '2014-01-17 10:00:01'",
        ),
        (other_owner, "'owner' differs: exists has '5853600', launches has null"),
        (other_size, "'size' differs: exists has '1', launches has '2'"),
    ] {
        fails(&exists(A, 1), &[image], &[], &format!(", {A}: {reason}"));
    }
    fails(&exists(A, 1), &[image(4, B, 1)], &[], &format!(": there is no ImageUsage with uuid {A}"));
}

#[test]
fn a_deleted_image_needs_its_delete() {
    let deleted = ImageExists { deleted_at: Some(at("2014-01-17 12:00:00")), ..exists(A, 1) };
    let images = [image(4, A, 1)];
    fails(&deleted, &images, &[], &format!(": there is no ImageDelete with uuid {A}"));
    let differs = format!(", {A}: 'deleted_at' differs: exists has '2014-01-17 12:00:00', deletes has");
    let later = [delete(5, Some("2014-01-17 12:00:01"))];
    fails(&deleted, &images, &later, &format!("{differs} '2014-01-17 12:00:01'"));
    assert_eq!(judge(&deleted, &images, &later).delete, Some(5));
    fails(&deleted, &images, &[delete(5, None)], &format!("{differs} null"));
    let repeated = [delete(6, Some("2014-01-17 12:00:00")), delete(5, Some("2014-01-17 12:00:00"))];
    assert_eq!(judge(&deleted, &images, &repeated).delete, Some(5));
}

#[test]
fn a_live_image_must_not_be_deleted_before_its_period_ends() {
    let images = [image(4, A, 1)];
    let reason = format!(
        ": exists is not deleted, yet there is ImageDelete with uuid {A}, deleted_at up to 2014-01-17 23:59:59"
    );
    fails(&exists(A, 1), &images, &[delete(5, Some("2014-01-17 23:59:59"))], &reason);
    for deletes in [delete(5, Some("2014-01-18 00:00:00")), delete(5, None)] {
        let verdict = judge(&exists(A, 1), &images, &[deletes]);
        assert_eq!((verdict.outcome, verdict.delete), (Outcome::Verified, None));
    }
}

#[test]
fn fields_are_always_validated_and_last() {
    let nobody = ImageExists { owner: None, ..exists(A, 1) };
    let of_nobody = Image { owner: None, ..image(4, A, 1) };
    fails(&nobody, &[of_nobody], &[], ": 'owner' of exists 7 is empty");
    let differs = format!(", {A}: 'owner' differs: exists has null, launches has '5853600'");
    fails(&nobody, &[image(4, A, 1)], &[], &differs);

    let dashed = Some(A.to_owned());
    let other = ImageExists { owner: dashed.clone(), ..exists(A, 1) };
    let of_other = Image { owner: dashed, ..image(4, A, 1) };
    fails(&other, &[of_other], &[], &format!(": 'owner' of exists 7 is '{A}', which is not hexadecimal"));

    let plain = "1818e811892f402b923f0824128b2f33";
    let reason = format!(": 'uuid' of exists 7 is '{plain}', which is not a UUID with dashes");
    fails(&exists(plain, 1), &[image(4, plain, 1)], &[], &reason);
}

#[test]
fn a_notification_is_announced_only_if_every_image_passes() {
    let (rows, now) = ([exists(A, 1), exists(B, 2)], at("2014-01-18 00:05:00"));
    let group = verdicts(&rows, &[image(3, A, 1), image(4, B, 2)], &[], now);
    assert!(group.announced);

    let group = verdicts(&rows, &[image(3, A, 1), image(4, B, 3)], &[], now);
    assert!(!group.announced);
    assert_eq!(group.verdicts.iter().map(Verdict::passes).collect::<Vec<_>>(), [true, false]);

    assert!(!verdicts(&[], &[], &[], now).announced);
}
