//! Pure. The rows of the ledger that exists records are linked to and compared with.

use crate::usage::audit_report::AuditReport;
use crate::usage::delete::{ImageDelete, InstanceDelete};
use crate::usage::exists::{ImageExists, InstanceExists};
use crate::usage::image::Image;
use crate::usage::launch::Launch;
use crate::usage::link::{self, Links};

/// The rows of one instance, in no particular order.
#[derive(Clone, Debug, Default)]
pub struct InstanceLedger {
    /// Its launches.
    pub launches: Vec<Launch>,
    /// Its deletes.
    pub deletes: Vec<InstanceDelete>,
    /// Its rows in audit reports.
    pub reports: Vec<AuditReport>,
}

/// The rows of a set of images, in no particular order.
#[derive(Clone, Debug, Default)]
pub struct ImageLedger {
    /// Their activations.
    pub images: Vec<Image>,
    /// Their deletes.
    pub deletes: Vec<ImageDelete>,
}

impl InstanceLedger {
    /// Returns the links of an exists record, as far as they are known.
    pub fn links(&self, exists: &InstanceExists) -> Links {
        let launch = link::launch_link(exists.launched_at, &self.launches);
        // A delete that arrives while the instance still exists does not belong to this record.
        let delete = exists.deleted_at.and_then(|_| link::delete_link(exists.launched_at, &self.deletes));
        Links { usage: launch.map(|launch| launch.id), delete: delete.map(|delete| delete.id) }
    }
}

impl ImageLedger {
    /// Returns the links of an exists record, as far as they are known.
    pub fn links(&self, exists: &ImageExists) -> Links {
        let image = link::image_link(&exists.uuid, &self.images);
        let delete = exists.deleted_at.and_then(|_| link::image_delete_link(&exists.uuid, &self.deletes));
        Links { usage: image.map(|image| image.id), delete: delete.map(|delete| delete.id) }
    }
}
