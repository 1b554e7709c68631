//! Pure. What is known of an instance or of some images when their exists are linked or judged.

use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::Launch;
use crate::usage::link;
use crate::usage::reconcile::Reconcile;

/// All records of one instance.
#[derive(Clone, Debug, Default)]
pub struct InstanceLedger {
    /// Its launches.
    pub launches: Vec<Launch>,
    /// Its deletes.
    pub deletes: Vec<InstanceDelete>,
    /// What audit reports say of it.
    pub reconciles: Vec<Reconcile>,
}

/// All records of some images.
#[derive(Clone, Debug, Default)]
pub struct ImageLedger {
    /// Their activations.
    pub images: Vec<Image>,
    /// Their deletes.
    pub deletes: Vec<ImageDelete>,
}

impl InstanceLedger {
    /// The ids of the launch and the delete that an exists belongs to, as far as they are known.
    pub fn links(&self, exists: &InstanceExists) -> (Option<u64>, Option<u64>) {
        let usage = link::launch_link(exists.launched_at, &self.launches).map(|launch| launch.id);
        // Where the instance lives, no delete is looked for: one that comes later is not this record's.
        let delete = exists.deleted_at.and_then(|_| link::delete_link(exists.launched_at, &self.deletes));
        (usage, delete.map(|delete| delete.id))
    }
}

impl ImageLedger {
    /// The ids of the image and the delete that an exists belongs to, as far as they are known.
    pub fn links(&self, exists: &ImageExists) -> (Option<u64>, Option<u64>) {
        let usage = link::image_link(&exists.uuid, &self.images).map(|image| image.id);
        let delete = exists.deleted_at.and_then(|_| link::image_delete_link(&exists.uuid, &self.deletes));
        (usage, delete.map(|delete| delete.id))
    }
}
