//! Pure. Which launch, image or delete an exists record belongs to.
//!
//! The look-up is made when an exists arrives, and again for its verdict: what arrives in between is found then, and of
//! several candidates the order of arrival decides nothing.

use crate::time::Micros;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::image::Image;
use crate::usage::launch::Launch;

/// The launch, of all those of the instance, that an exists with this launch time belongs to: the first that was launched
/// then or up to a second later. (`StackTach` v2 looked from the launch time to a second later, both included.)
pub fn launch_link(launched_at: Micros, launches: &[Launch]) -> Option<&Launch> {
    let near = launches.iter().filter(|launch| launch.launched_at.is_some_and(|at| is_near(launched_at, at)));
    near.min_by_key(|launch| (launch.launched_at, &launch.request_id, launch.id))
}

/// The delete, of all those of the instance, that an exists with this launch time belongs to if it has a `deleted_at`:
/// looked for as a launch is; of several the first to be deleted.
pub fn delete_link(launched_at: Micros, deletes: &[InstanceDelete]) -> Option<&InstanceDelete> {
    let near = deletes.iter().filter(|delete| is_near(launched_at, delete.launched_at));
    near.min_by_key(|delete| (delete.launched_at, delete.deleted_at.is_none(), delete.deleted_at, delete.id))
}

/// The image with this UUID: of several activations the earliest event.
pub fn image_link<'a>(uuid: &str, images: &'a [Image]) -> Option<&'a Image> {
    images.iter().filter(|image| image.uuid == uuid).min_by_key(|image| (&image.event, image.id))
}

/// The delete of the image with this UUID, for an exists that has a `deleted_at`: of several the earliest event.
pub fn image_delete_link<'a>(uuid: &str, deletes: &'a [ImageDelete]) -> Option<&'a ImageDelete> {
    deletes.iter().filter(|delete| delete.uuid == uuid).min_by_key(|delete| (&delete.event, delete.id))
}

fn is_near(launched_at: Micros, at: Micros) -> bool {
    (launched_at..=launched_at.plus_seconds(1)).contains(&at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::mark::Mark;
    use crate::usage::launch::{Image as ImageFields, Origin};

    const L: Micros = Micros(1_390_000_000_250_000);

    fn launch(id: u64, request_id: &str, launched_at: Option<i64>) -> Launch {
        Launch {
            id,
            instance: "i-1".to_owned(),
            request_id: request_id.to_owned(),
            launched_at: launched_at.map(|after| Micros(L.0 + after)),
            tenant: None,
            image: ImageFields::default(),
            instance_type_id: None,
            instance_flavor_id: None,
            origin: Origin::default(),
            version: 1,
        }
    }

    fn delete(id: u64, launched_at: i64, deleted_at: Option<i64>) -> InstanceDelete {
        InstanceDelete {
            id,
            instance: "i-1".to_owned(),
            launched_at: Micros(L.0 + launched_at),
            deleted_at: deleted_at.map(Micros),
            raw: 1,
            newest: mark(1),
            version: 1,
        }
    }

    fn mark(at: i64) -> Mark {
        Mark { at: Micros(at), message: "m".to_owned() }
    }

    #[test]
    fn a_launch_is_linked_from_its_time_to_a_second_later_both_included() {
        for (after, linked) in [
            (Some(-1), false),
            (Some(0), true),
            (Some(750_000), true),
            (Some(1_000_000), true),
            (Some(1_000_001), false),
            (None, false),
        ] {
            let launches = [launch(1, "", after)];
            assert_eq!(launch_link(L, &launches).is_some(), linked, "{after:?}");
            let Some(after) = after else { continue };
            assert_eq!(delete_link(L, &[delete(1, after, None)]).is_some(), linked, "{after}");
        }
    }

    #[test]
    fn of_several_the_first_by_time_and_request_is_linked_whatever_their_order() {
        let launches = [launch(1, "b", Some(5)), launch(2, "a", Some(5)), launch(3, "0", Some(6))];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let launches = order.map(|index: usize| launches[index].clone());
            assert_eq!(launch_link(L, &launches).map(|launch| launch.id), Some(2), "{order:?}");
        }
        let deletes =
            [delete(1, 0, None), delete(2, 0, Some(9)), delete(3, 0, Some(8)), delete(4, 1, Some(7))];
        assert_eq!(delete_link(L, &deletes).map(|delete| delete.id), Some(3));
    }

    #[test]
    fn of_several_activations_or_deletes_of_an_image_the_earliest_event_is_linked() {
        let image = |id, uuid: &str, at| Image {
            id,
            uuid: uuid.to_owned(),
            created_at: L,
            owner: None,
            size: 1,
            last_raw: 1,
            event: mark(at),
        };
        let images = [image(1, "a", 9), image(2, "a", 3), image(3, "b", 1)];
        assert_eq!(image_link("a", &images).map(|image| image.id), Some(2));
        assert_eq!(image_link("c", &images), None);
        let delete =
            |id, at| ImageDelete { id, uuid: "a".to_owned(), deleted_at: None, raw: 1, event: mark(at) };
        let deletes = [delete(1, 9), delete(2, 3)];
        assert_eq!(image_delete_link("a", &deletes).map(|delete| delete.id), Some(2));
        assert_eq!(image_delete_link("c", &deletes), None);
    }
}
