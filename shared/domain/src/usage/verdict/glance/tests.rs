use super::*;
use crate::notification::mark::Mark;
use crate::usage::exists::Progress;
use crate::usage::status::Status;

const A: &str = "1818e811-892f-402b-923f-0824128b2f33";
const B: &str = "2818e811-892f-402b-923f-0824128b2f33";

fn at(text: &str) -> Micros {
    Micros::parse(text).expect("a valid time")
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
        mark: mark(id.cast_signed()),
    }
}

fn delete(id: u64, deleted_at: Option<&str>) -> ImageDelete {
    ImageDelete {
        id,
        uuid: A.to_owned(),
        deleted_at: deleted_at.map(at),
        raw: 1,
        mark: mark(id.cast_signed()),
    }
}

fn ledger(images: &[Image], deletes: &[ImageDelete]) -> ImageLedger {
    ImageLedger { images: images.to_vec(), deletes: deletes.to_vec() }
}

fn verify(exists: &ImageExists, images: &[Image], deletes: &[ImageDelete]) -> Verdict {
    let ledger = ledger(images, deletes);
    let group = verdicts(std::slice::from_ref(exists), &ledger, at("2014-01-18 00:05:00"));
    let [verdict] = group.verdicts.try_into().expect("one verdict");
    assert_eq!(group.announced, verdict.passes());
    verdict
}

fn verified(usage: Option<u64>, delete: Option<u64>) -> Verdict {
    Verdict { outcome: Outcome::Verified, links: Links { usage, delete } }
}

/// Asserts that the record fails for this reason, which follows the time of the verdict.
fn fails(exists: &ImageExists, images: &[Image], deletes: &[ImageDelete], reason: &str) {
    let verdict = verify(exists, images, deletes);
    assert_eq!(verdict.fail_reason(), Some(format!("2014-01-18 00:05:00 UTC{reason}").as_str()));
}

#[test]
fn agreeing_record_is_verified_and_linked() {
    let verdict = verify(&exists(A, 1), &[image(3, B, 9), image(4, A, 1)], &[]);
    assert_eq!(verdict, verified(Some(4), None));

    let deleted = ImageExists { deleted_at: Some(at("2014-01-17 12:00:00")), ..exists(A, 1) };
    let verdict = verify(&deleted, &[image(4, A, 1)], &[delete(5, Some("2014-01-17 12:00:00.5"))]);
    assert_eq!(verdict, verified(Some(4), Some(5)));
}

#[test]
fn earliest_activation_counts() {
    let images = [image(5, A, 2), image(4, A, 1)];
    assert_eq!(verify(&exists(A, 1), &images, &[]).links.usage, Some(4));
    assert!(verify(&exists(A, 1), &images, &[]).passes());
    assert!(!verify(&exists(A, 2), &images, &[]).passes());
}

#[test]
fn each_field_must_equal_that_of_the_activation() {
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
fn deleted_image_requires_its_delete() {
    let deleted = ImageExists { deleted_at: Some(at("2014-01-17 12:00:00")), ..exists(A, 1) };
    let images = [image(4, A, 1)];
    fails(&deleted, &images, &[], &format!(": there is no ImageDelete with uuid {A}"));
    let differs = format!(", {A}: 'deleted_at' differs: exists has '2014-01-17 12:00:00', deletes has");
    let later = [delete(5, Some("2014-01-17 12:00:01"))];
    fails(&deleted, &images, &later, &format!("{differs} '2014-01-17 12:00:01'"));
    assert_eq!(verify(&deleted, &images, &later).links.delete, Some(5));
    fails(&deleted, &images, &[delete(5, None)], &format!("{differs} null"));
    let repeated = [delete(6, Some("2014-01-17 12:00:00")), delete(5, Some("2014-01-17 12:00:00"))];
    assert_eq!(verify(&deleted, &images, &repeated).links.delete, Some(5));
}

#[test]
fn existing_image_must_not_be_deleted_before_its_period_ends() {
    let images = [image(4, A, 1)];
    let reason = format!(
        ": exists is not deleted, yet there is ImageDelete with uuid {A}, deleted_at up to 2014-01-17 23:59:59"
    );
    fails(&exists(A, 1), &images, &[delete(5, Some("2014-01-17 23:59:59"))], &reason);
    for deletes in [delete(5, Some("2014-01-18 00:00:00")), delete(5, None)] {
        let verdict = verify(&exists(A, 1), &images, &[deletes]);
        assert_eq!((verdict.outcome, verdict.links.delete), (Outcome::Verified, None));
    }
}

#[test]
fn fields_are_validated_last() {
    let no_owner = ImageExists { owner: None, ..exists(A, 1) };
    let image_without_owner = Image { owner: None, ..image(4, A, 1) };
    fails(&no_owner, &[image_without_owner], &[], ": 'owner' of exists 7 is empty");
    let differs = format!(", {A}: 'owner' differs: exists has null, launches has '5853600'");
    fails(&no_owner, &[image(4, A, 1)], &[], &differs);

    let dashed = Some(A.to_owned());
    let invalid = ImageExists { owner: dashed.clone(), ..exists(A, 1) };
    let its_image = Image { owner: dashed, ..image(4, A, 1) };
    fails(&invalid, &[its_image], &[], &format!(": 'owner' of exists 7 is '{A}', which is not hexadecimal"));

    let plain = "1818e811892f402b923f0824128b2f33";
    let reason = format!(": 'uuid' of exists 7 is '{plain}', which is not a UUID with dashes");
    fails(&exists(plain, 1), &[image(4, plain, 1)], &[], &reason);
}

#[test]
fn notification_is_announced_only_if_every_image_passes() {
    let (rows, now) = ([exists(A, 1), exists(B, 2)], at("2014-01-18 00:05:00"));
    let group = verdicts(&rows, &ledger(&[image(3, A, 1), image(4, B, 2)], &[]), now);
    assert!(group.announced);

    let group = verdicts(&rows, &ledger(&[image(3, A, 1), image(4, B, 3)], &[]), now);
    assert!(!group.announced);
    assert_eq!(group.verdicts.iter().map(Verdict::passes).collect::<Vec<_>>(), [true, false]);

    assert!(!verdicts(&[], &ledger(&[], &[]), now).announced);
}
