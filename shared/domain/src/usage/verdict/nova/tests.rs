use super::*;
use crate::notification::mark::Mark;
use crate::platform::variables::Variables;
use crate::usage::exists::Progress;
use crate::usage::launch::MergeState;
use crate::usage::status::Status;
use crate::usage::verdict::Level;

const INSTANCE: &str = "1818e811-892f-402b-923f-0824128b2f33";

fn at(text: &str) -> Micros {
    Micros::parse(text).expect("a valid time")
}

fn image() -> ImageMeta {
    ImageMeta {
        os_architecture: "x86_64".to_owned(),
        os_distro: "org.centos".to_owned(),
        os_version: "6.4".to_owned(),
        rax_options: "4".to_owned(),
    }
}

fn exists() -> InstanceExists {
    InstanceExists {
        id: 7,
        instance: INSTANCE.to_owned(),
        launched_at: at("2014-01-17 10:00:00"),
        deleted_at: None,
        audit_period_beginning: at("2014-01-17 00:00:00"),
        audit_period_ending: at("2014-01-18 00:00:00"),
        instance_type_id: Some("2".to_owned()),
        instance_flavor_id: Some("performance1-1".to_owned()),
        tenant: Some("5853600".to_owned()),
        image: image(),
        image_type: 1,
        bandwidth_public_out: 0,
        progress: Progress {
            message_id: None,
            raw: 1,
            received: at("2014-01-18 00:00:00"),
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

fn launch(id: u64, launched_at: &str) -> Launch {
    Launch {
        id,
        instance: INSTANCE.to_owned(),
        request_id: format!("req-{id}"),
        launched_at: Some(at(launched_at)),
        tenant: Some("5853600".to_owned()),
        image: image(),
        instance_type_id: Some("2".to_owned()),
        instance_flavor_id: Some("performance1-1".to_owned()),
        merge_state: MergeState::default(),
        version: 1,
    }
}

fn delete(id: u64, launched_at: &str, deleted_at: Option<&str>) -> InstanceDelete {
    InstanceDelete {
        id,
        instance: INSTANCE.to_owned(),
        launched_at: at(launched_at),
        deleted_at: deleted_at.map(at),
        raw: 1,
        newest: Mark { at: Micros(1), message: "m".to_owned() },
        version: 1,
    }
}

fn report(launched_at: &str, deleted_at: Option<&str>) -> AuditReport {
    AuditReport {
        row_created: Micros(1),
        row_updated: Micros(1),
        instance: INSTANCE.to_owned(),
        launched_at: at(launched_at),
        deleted_at: deleted_at.map(at),
        instance_type_id: Some("2".to_owned()),
        instance_flavor_id: Some("performance1-1".to_owned()),
        tenant: Some("5853600".to_owned()),
        image: image(),
        source: "audit".to_owned(),
    }
}

/// An exists record and the rows of its instance.
struct Case {
    exists: InstanceExists,
    launches: Vec<Launch>,
    deletes: Vec<InstanceDelete>,
    reports: Vec<AuditReport>,
    settings: Settings,
}

/// Returns an existing instance that agrees with its launch.
fn case() -> Case {
    Case {
        exists: exists(),
        launches: vec![launch(1, "2014-01-17 10:00:00")],
        deletes: Vec::new(),
        reports: Vec::new(),
        settings: Settings::read(&Variables::default()).expect("the defaults are valid"),
    }
}

/// Returns a deleted instance that agrees with its launch and its delete.
fn deleted() -> Case {
    let mut case = case();
    case.exists.deleted_at = Some(at("2014-01-17 12:00:00"));
    case.deletes = vec![delete(3, "2014-01-17 10:00:00", Some("2014-01-17 12:00:00"))];
    case
}

impl Case {
    /// Returns the verdict, and asserts that it does not depend on the order of the rows.
    fn verdict(&self) -> Verdict {
        let verify = |ledger: &InstanceLedger| {
            verdict(&self.exists, ledger, &self.settings, at("2014-01-18 00:05:00"))
        };
        let mut ledger = InstanceLedger {
            launches: self.launches.clone(),
            deletes: self.deletes.clone(),
            reports: self.reports.clone(),
        };
        let verdict = verify(&ledger);
        ledger.launches.reverse();
        ledger.deletes.reverse();
        ledger.reports.reverse();
        assert_eq!(verify(&ledger), verdict);
        verdict
    }

    fn passes(&self, usage: Option<u64>, delete: Option<u64>) {
        let links = Links { usage, delete };
        assert_eq!(self.verdict(), Verdict { outcome: Outcome::Verified, links });
    }

    fn reconciles(&self) {
        assert_eq!(self.verdict().outcome, Outcome::Reconciled);
    }

    /// Asserts that the record fails with these links, and for this reason, which follows the time of the verdict.
    fn fails(&self, usage: Option<u64>, delete: Option<u64>, reason: &str) {
        let verdict = self.verdict();
        assert_eq!(verdict.fail_reason(), Some(format!("2014-01-18 00:05:00 UTC{reason}").as_str()));
        assert_eq!(verdict.links, Links { usage, delete });
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

#[test]
fn agreeing_record_is_verified_and_linked() {
    case().passes(Some(1), None);
    deleted().passes(Some(1), Some(3));
}

#[test]
fn times_are_compared_by_their_second() {
    case().with(|case| case.launches = vec![launch(1, "2014-01-17 10:00:00.75")]).passes(Some(1), None);
    let earlier = case().with(|case| case.exists.launched_at = at("2014-01-17 10:00:00.75"));
    earlier.passes(Some(1), None);
    deleted()
        .with(|case| case.deletes[0].deleted_at = Some(at("2014-01-17 12:00:00.9")))
        .passes(Some(1), Some(3));
    let delete_before = deleted().with(|case| case.exists.launched_at = at("2014-01-17 10:00:00.75"));
    delete_before.passes(Some(1), Some(3));
}

#[test]
fn launch_in_the_next_second_is_linked_and_fails() {
    let case = case().with(|case| case.exists.launched_at = at("2014-01-17 09:59:59"));
    case.fails(
        Some(1),
        None,
        ", 1818e811-892f-402b-923f-0824128b2f33: 'launched_at' differs: exists has '2014-01-17 09:59:59', \
         launches has '2014-01-17 10:00:00'",
    );
}

#[test]
fn launch_in_the_previous_second_is_not_found() {
    let reason = ": there is no InstanceUsage with instance 1818e811-892f-402b-923f-0824128b2f33, \
                  launched_at 2014-01-17 10:00:01";
    case().with(|case| case.exists.launched_at = at("2014-01-17 10:00:01")).fails(None, None, reason);
    let unknown = case().with(|case| {
        case.exists.launched_at = at("2014-01-17 10:00:01");
        case.launches[0].launched_at = None;
    });
    unknown.fails(None, None, reason);
}

#[test]
fn first_launch_in_range_is_linked_and_several_before_it_are_ambiguous() {
    let two = case().with(|case| case.launches.push(launch(2, "2014-01-17 10:00:00")));
    two.passes(Some(1), None);
    let later = case().with(|case| {
        case.exists.launched_at = at("2014-01-17 10:00:00.5");
        case.launches = vec![launch(1, "2014-01-17 10:00:00.1"), launch(2, "2014-01-17 10:00:00.2")];
    });
    later.fails(
        None,
        None,
        ": there are 2 InstanceUsage with instance 1818e811-892f-402b-923f-0824128b2f33, \
         launched_at 2014-01-17 10:00:00, where one is expected",
    );
}

#[test]
fn each_field_must_equal_that_of_the_launch() {
    type Change = fn(&mut Launch);
    let fields: [(&str, Change, &str, &str); 6] = [
        ("instance_type_id", |launch| launch.instance_type_id = None, "'2'", "null"),
        ("tenant", |launch| launch.tenant = Some("1".to_owned()), "'5853600'", "'1'"),
        ("rax_options", |launch| launch.image.rax_options.clear(), "'4'", "''"),
        ("os_architecture", |launch| launch.image.os_architecture = "x64".to_owned(), "'x86_64'", "'x64'"),
        ("os_version", |launch| launch.image.os_version = "6.5".to_owned(), "'6.4'", "'6.5'"),
        ("os_distro", |launch| launch.image.os_distro = "x".to_owned(), "'org.centos'", "'x'"),
    ];
    for (field, change, ours, theirs) in fields {
        let reason = format!(", {INSTANCE}: '{field}' differs: exists has {ours}, launches has {theirs}");
        case().with(|case| change(&mut case.launches[0])).fails(Some(1), None, &reason);
    }
}

#[test]
fn only_the_configured_flavor_field_is_compared() {
    let other = || case().with(|case| case.launches[0].instance_flavor_id = Some("other".to_owned()));
    other().passes(Some(1), None);
    let configured = other().with(|case| case.settings.flavor_field = FlavorField::InstanceFlavorId);
    configured.fails(
        Some(1),
        None,
        &format!(
            ", {INSTANCE}: 'instance_flavor_id' differs: exists has 'performance1-1', launches has 'other'"
        ),
    );
}

#[test]
fn each_level_validates_its_fields() {
    let both = |change: fn(&mut ImageMeta)| {
        case().with(|case| {
            change(&mut case.exists.image);
            change(&mut case.launches[0].image);
        })
    };
    let tenant = |tenant: Option<&str>| {
        let tenant = tenant.map(str::to_owned);
        case().with(|case| (case.exists.tenant, case.launches[0].tenant) = (tenant.clone(), tenant))
    };
    let no_flavor = case().with(|case| {
        (case.exists.instance_type_id, case.launches[0].instance_type_id) = (None, None);
    });
    let dashed = "1818e811-892f-402b-923f-0824128b2f33";
    let word = "letters, digits, '.', '_' and '-'";
    for (case, level, reason) in [
        (tenant(None), Level::Basic, "'tenant' of exists 7 is empty".to_owned()),
        (
            tenant(Some(dashed)),
            Level::Basic,
            format!("'tenant' of exists 7 is '{dashed}', which is not hexadecimal"),
        ),
        (
            tenant(Some("12g")),
            Level::Basic,
            "'tenant' of exists 7 is '12g', which is not hexadecimal".to_owned(),
        ),
        (no_flavor, Level::Basic, "'instance_type_id' of exists 7 is empty".to_owned()),
        (
            both(|image| image.rax_options.clear()),
            Level::All,
            "'rax_options' of exists 7 is empty".to_owned(),
        ),
        (
            both(|image| image.os_architecture.clear()),
            Level::All,
            "'os_architecture' of exists 7 is empty".to_owned(),
        ),
        (both(|image| image.os_distro.clear()), Level::All, "'os_distro' of exists 7 is empty".to_owned()),
        (both(|image| image.os_version.clear()), Level::All, "'os_version' of exists 7 is empty".to_owned()),
        (
            both(|image| image.rax_options = "four".to_owned()),
            Level::All,
            "'rax_options' of exists 7 is 'four', which is not an integer".to_owned(),
        ),
        (
            both(|image| image.os_architecture = "x 64".to_owned()),
            Level::All,
            format!("'os_architecture' of exists 7 is 'x 64', which is not {word}"),
        ),
        (
            both(|image| image.os_version = "6/4".to_owned()),
            Level::All,
            format!("'os_version' of exists 7 is '6/4', which is not {word}"),
        ),
    ] {
        let mut case = case;
        case.settings.level = level;
        case.fails(Some(1), None, &format!(": {reason}"));
        case.settings.level = if level == Level::All { Level::Basic } else { Level::None };
        case.passes(Some(1), None);
    }
}

#[test]
fn tenant_is_hexadecimal_in_any_case() {
    for tenant in ["5853600", "DEADBEEF00", "0123456789abcdef0123456789abcdef"] {
        let tenant = Some(tenant.to_owned());
        let case =
            case().with(|case| (case.exists.tenant, case.launches[0].tenant) = (tenant.clone(), tenant));
        case.passes(Some(1), None);
    }
}

#[test]
fn imported_image_requires_no_distribution_or_version() {
    let import = |image_type| {
        case().with(|case| {
            case.exists.image_type = image_type;
            for image in [&mut case.exists.image, &mut case.launches[0].image] {
                image.os_distro.clear();
                image.os_version.clear();
            }
        })
    };
    import(0x3).passes(Some(1), None);
    import(0x13).passes(Some(1), None);
    import(0x1).fails(Some(1), None, ": 'os_distro' of exists 7 is empty");
}

#[test]
fn existing_instance_must_not_be_deleted_before_its_period_ends() {
    let deleted_at =
        |text| case().with(|case| case.deletes = vec![delete(3, "2014-01-17 10:00:00.5", Some(text))]);
    let reason = ": exists is not deleted, yet there is InstanceDeletes with instance \
                  1818e811-892f-402b-923f-0824128b2f33, launched_at 2014-01-17 10:00:00, deleted_at up to \
                  2014-01-18 00:00:00";
    deleted_at("2014-01-17 12:00:00").fails(Some(1), None, reason);
    deleted_at("2014-01-18 00:00:00").fails(Some(1), None, reason);
    deleted_at("2014-01-18 00:00:00.000001").passes(Some(1), None);
    let other_launch = case()
        .with(|case| case.deletes = vec![delete(3, "2014-01-17 09:00:00", Some("2014-01-17 09:30:00"))]);
    other_launch.passes(Some(1), None);
    case().with(|case| case.deletes = vec![delete(3, "2014-01-17 10:00:00", None)]).passes(Some(1), None);
}

#[test]
fn deleted_instance_requires_its_delete() {
    let keys = format!("instance {INSTANCE}, launched_at 2014-01-17 10:00:00");
    let none = deleted().with(|case| case.deletes.clear());
    none.fails(Some(1), None, &format!(": there is no InstanceDeletes with {keys}"));
    let two = deleted().with(|case| {
        case.exists.launched_at = at("2014-01-17 10:00:00.5");
        case.deletes.push(delete(4, "2014-01-17 10:00:00", Some("2014-01-17 13:00:00")));
    });
    two.fails(Some(1), None, &format!(": there are 2 InstanceDeletes with {keys}, where one is expected"));
}

#[test]
fn times_of_the_delete_must_agree() {
    let later = deleted().with(|case| case.deletes[0].deleted_at = Some(at("2014-01-17 12:00:01")));
    let differs =
        format!(", {INSTANCE}: 'deleted_at' differs: exists has '2014-01-17 12:00:00', deletes has");
    later.fails(Some(1), Some(3), &format!("{differs} '2014-01-17 12:00:01'"));
    let unknown = deleted().with(|case| case.deletes[0].deleted_at = None);
    unknown.fails(Some(1), Some(3), &format!("{differs} null"));
    let launch = deleted().with(|case| case.deletes[0].launched_at = at("2014-01-17 10:00:01"));
    launch.fails(
        Some(1),
        Some(3),
        &format!(
            ", {INSTANCE}: 'launched_at' differs: exists has '2014-01-17 10:00:00', deletes has '2014-01-17 10:00:01'"
        ),
    );
}

#[test]
fn agreeing_report_reconciles_a_record_that_fails() {
    let reports = |deleted_at: Option<&str>| vec![report("2014-01-17 10:00:00.9", deleted_at)];
    let lost = case().with(|case| (case.launches, case.reports) = (Vec::new(), reports(None)));
    lost.reconciles();
    assert_eq!(lost.verdict().links, Links::default());
    let deleted_at = Some("2014-01-17 12:00:00");
    let lost_delete = deleted().with(|case| (case.deletes, case.reports) = (Vec::new(), reports(deleted_at)));
    lost_delete.reconciles();
    assert_eq!(lost_delete.verdict().links.usage, Some(1));
    let wrong = case().with(|case| {
        case.launches[0].tenant = None;
        case.reports = reports(None);
    });
    wrong.reconciles();
    let invalid = case().with(|case| {
        case.exists.image.rax_options.clear();
        case.reports = reports(None);
        case.reports[0].image.rax_options.clear();
    });
    invalid.reconciles();
    deleted().with(|case| (case.launches, case.reports) = (Vec::new(), reports(None))).reconciles();
}

#[test]
fn disagreeing_report_sets_the_reason() {
    let tenant = case().with(|case| {
        case.launches.clear();
        case.reports = vec![report("2014-01-17 10:00:00", None)];
        case.reports[0].tenant = Some("1".to_owned());
    });
    tenant.fails(
        None,
        None,
        &format!(", {INSTANCE}: 'tenant' differs: exists has '5853600', reconciles has '1'"),
    );

    let deletion = case().with(|case| {
        case.launches.clear();
        case.reports = vec![report("2014-01-17 10:00:00", Some("2014-01-17 12:00:00"))];
    });
    let reason =
        format!(", {INSTANCE}: 'deleted_at' differs: exists has null, reconciles has '2014-01-17 12:00:00'");
    deletion.fails(None, None, &reason);

    let early = case().with(|case| {
        case.launches.clear();
        case.reports = vec![report("2014-01-17 10:00:00", None)];
        case.deletes = vec![delete(3, "2014-01-17 10:00:00", Some("2014-01-17 12:00:00"))];
    });
    let reason = early.verdict().fail_reason().map(str::to_owned).expect("it fails");
    assert!(reason.contains("InstanceDeletes"), "{reason}");

    let two = case().with(|case| {
        case.launches.clear();
        case.reports = vec![report("2014-01-17 10:00:00", None), report("2014-01-17 10:00:00.1", None)];
    });
    two.fails(
        None,
        None,
        &format!(
            ": there are 2 InstanceReconcile with instance {INSTANCE}, launched_at 2014-01-17 10:00:00, \
             where one is expected"
        ),
    );
}

#[test]
fn report_on_another_launch_is_ignored() {
    let case = case().with(|case| {
        case.launches.clear();
        case.reports = vec![report("2014-01-17 09:59:59", None)];
    });
    let keys = format!("instance {INSTANCE}, launched_at 2014-01-17 10:00:00");
    case.fails(None, None, &format!(": there is no InstanceUsage with {keys}"));
}
