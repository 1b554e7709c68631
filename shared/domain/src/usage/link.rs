//! Pure. The launch, image or delete that an exists record belongs to.
//!
//! Links are looked up when an exists record is written, and again for its verdict, which finds rows that were written
//! in between. Among several candidates the choice does not depend on the order of arrival.

use crate::time::Micros;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::image::Image;
use crate::usage::launch::Launch;

/// The ids of the rows that an exists record is linked to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The launch of the instance or the activation of the image, if known.
    pub usage: Option<u64>,
    /// The delete, if known.
    pub delete: Option<u64>,
}

/// Returns the launch that an exists record with this launch time belongs to: the first launch of the instance from
/// that time to one second later, both included, as in `StackTach` v2.
pub fn launch_link(launched_at: Micros, launches: &[Launch]) -> Option<&Launch> {
    let near = launches.iter().filter(|launch| launch.launched_at.is_some_and(|at| is_near(launched_at, at)));
    near.min_by_key(|launch| (launch.launched_at, &launch.request_id, launch.id))
}

/// Returns the delete that an exists record with this launch time and a `deleted_at` belongs to. Searches the deletes of
/// the instance in the same range as [`launch_link`], and prefers the earliest `deleted_at`.
pub fn delete_link(launched_at: Micros, deletes: &[InstanceDelete]) -> Option<&InstanceDelete> {
    let near = deletes.iter().filter(|delete| is_near(launched_at, delete.launched_at));
    near.min_by_key(|delete| (delete.launched_at, delete.deleted_at.is_none(), delete.deleted_at, delete.id))
}

/// Returns the image with this UUID; of several activations, that of the earliest event.
pub fn image_link<'a>(uuid: &str, images: &'a [Image]) -> Option<&'a Image> {
    images.iter().filter(|image| image.uuid == uuid).min_by_key(|image| (&image.mark, image.id))
}

/// Returns the delete of the image with this UUID, for an exists record with a `deleted_at`; of several deletes, that of
/// the earliest event.
pub fn image_delete_link<'a>(uuid: &str, deletes: &'a [ImageDelete]) -> Option<&'a ImageDelete> {
    deletes.iter().filter(|delete| delete.uuid == uuid).min_by_key(|delete| (&delete.mark, delete.id))
}

fn is_near(launched_at: Micros, at: Micros) -> bool {
    (launched_at..=launched_at.plus_seconds(1)).contains(&at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::mark::Mark;
    use crate::usage::launch::{ImageMeta, MergeState};

    const L: Micros = Micros(1_390_000_000_250_000);

    fn launch(id: u64, request_id: &str, launched_at: Option<i64>) -> Launch {
        Launch {
            id,
            instance: "i-1".to_owned(),
            request_id: request_id.to_owned(),
            launched_at: launched_at.map(|after| Micros(L.0 + after)),
            tenant: None,
            image: ImageMeta::default(),
            instance_type_id: None,
            instance_flavor_id: None,
            merge_state: MergeState::default(),
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
    fn launches_are_linked_up_to_one_second_after_the_exists_launch_time() {
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
    fn first_candidate_by_time_and_request_is_linked_in_any_order() {
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
    fn earliest_activation_or_delete_of_an_image_is_linked() {
        let image = |id, uuid: &str, at| Image {
            id,
            uuid: uuid.to_owned(),
            created_at: L,
            owner: None,
            size: 1,
            last_raw: 1,
            mark: mark(at),
        };
        let images = [image(1, "a", 9), image(2, "a", 3), image(3, "b", 1)];
        assert_eq!(image_link("a", &images).map(|image| image.id), Some(2));
        assert_eq!(image_link("c", &images), None);
        let delete =
            |id, at| ImageDelete { id, uuid: "a".to_owned(), deleted_at: None, raw: 1, mark: mark(at) };
        let deletes = [delete(1, 9), delete(2, 3)];
        assert_eq!(image_delete_link("a", &deletes).map(|delete| delete.id), Some(2));
        assert_eq!(image_delete_link("c", &deletes), None);
    }
}
