//! `template.yaml` and its nested templates agree with the code, in ways that a linter cannot check.

mod document;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use anyhow::Result;
use domain::error::Error;
use domain::platform::variables::{self, Variables};
use domain::{access, notification, recomputations, streams, usage};
use edge::http::DEADLINE;
use serde_json::{Value, json};
use tests::TestBundle;
use tests::bundle::{MAX_RECEIVES, STATEMENT_SECONDS, VISIBILITY_SECONDS};

use document::{list, references, resources, root, template, text};

const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const MAPPING: &str = "AWS::Lambda::EventSourceMapping";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";

fn main_template() -> Value {
    template("template.yaml")
}

/// Returns the directories in `functions/`: the functions.
fn directories() -> Vec<String> {
    let entries = fs::read_dir(root().join("functions")).expect("functions/ is readable");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry.expect("functions/ is readable").file_name().into_string().expect("names are UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// Returns a function's logical id: `NotificationWorkerFunction` for `notification-worker`.
pub fn logical_id(directory: &str) -> String {
    let words = directory.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<String>() + "Function"
}

/// Returns the nested templates by logical id.
fn nested(main: &Value) -> BTreeMap<String, Value> {
    let stacks = resources(main, "AWS::CloudFormation::Stack");
    stacks.into_iter().map(|(id, stack)| (id, template(text(&stack["Properties"]["TemplateURL"])))).collect()
}

/// Returns the logical id of the queue in `infra/queues.yaml` to which `Queues.Outputs.<output>` refers.
fn queue_of(reference: &Value, queues: &Value) -> String {
    let path = references(reference).remove(0);
    let output = path.strip_prefix("Queues.Outputs.").expect("a queue is an output of the stack Queues");
    let target = references(&queues["Outputs"][output]["Value"]).remove(0);
    target.split('.').next().expect("split yields a part").to_owned()
}

/// Returns the environment of each function, global variables included.
fn environments(main: &Value) -> BTreeMap<String, BTreeMap<String, Value>> {
    let variables = |holder: &Value| -> BTreeMap<String, Value> {
        let variables = holder["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        variables.into_iter().collect()
    };
    let global = variables(&main["Globals"]["Function"]);
    let function = |(id, resource): (String, Value)| {
        let mut environment = global.clone();
        environment.extend(variables(&resource["Properties"]));
        (id, environment)
    };
    resources(main, FUNCTION).into_iter().map(function).collect()
}

/// Returns the statements of a function's policies.
fn statements(function: &Value) -> Vec<Value> {
    let statements =
        list(&function["Properties"]["Policies"]).into_iter().flat_map(|policy| list(&policy["Statement"]));
    // A conditional statement is the second part of `Fn::If`; the third is no statement.
    statements.map(|statement| statement.pointer("/Fn::If/1").unwrap_or(&statement).clone()).collect()
}

/// Returns the DynamoDB actions that a function's policies allow.
pub fn allowed(function: &str) -> BTreeSet<String> {
    let function = &main_template()["Resources"][function];
    let actions = statements(function).into_iter().flat_map(|statement| list(&statement["Action"]));
    actions.map(|action| text(&action).to_owned()).filter(|action| action.starts_with("dynamodb:")).collect()
}

/// Returns the name of the package in a directory of `functions/`.
fn package(directory: &str) -> String {
    let manifest = fs::read_to_string(root().join("functions").join(directory).join("Cargo.toml"));
    let manifest = manifest.expect("a function has a manifest");
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("a package has a name");
    name.trim_matches('"').to_owned()
}

#[test]
fn each_function_has_one_directory_and_each_directory_one_function() {
    let functions = resources(&main_template(), FUNCTION);
    let mut built: Vec<String> = functions
        .values()
        .map(|function| text(&function["Metadata"]["BuildProperties"]["Binary"]).to_owned())
        .collect();
    built.sort();
    let mut packages: Vec<_> = directories().iter().map(|directory| package(directory)).collect();
    packages.sort();
    assert_eq!(built, packages);

    for directory in directories() {
        let function = &functions[&logical_id(&directory)];
        assert_eq!(function["Metadata"]["BuildProperties"]["Binary"], json!(package(&directory)));
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda");
    }
}

#[test]
fn each_worker_reads_one_queue_and_reports_partial_batch_failures() {
    let main = main_template();
    let mappings = resources(&main, MAPPING);
    let mut mapped: Vec<String> = Vec::new();
    for (id, mapping) in &mappings {
        let properties = &mapping["Properties"];
        assert_eq!(properties["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{id}");
        mapped.push(text(&properties["FunctionName"]["Ref"]).to_owned());
    }
    mapped.sort();
    let workers: Vec<String> =
        directories().iter().filter(|name| name.ends_with("-worker")).map(|name| logical_id(name)).collect();
    assert_eq!(mapped, workers);
}

#[test]
fn visibility_timeout_is_six_times_the_workers_timeout() {
    let main = main_template();
    let queues = template("infra/queues.yaml");
    let functions = resources(&main, FUNCTION);
    for (id, mapping) in resources(&main, MAPPING) {
        let properties = &mapping["Properties"];
        let queue = queue_of(&properties["EventSourceArn"], &queues);
        let visibility = queues["Resources"][&queue]["Properties"]["VisibilityTimeout"].as_i64();
        let timeout = functions[text(&properties["FunctionName"]["Ref"])]["Properties"]["Timeout"].as_i64();
        assert_eq!(visibility, timeout.map(|seconds| 6 * seconds), "{id}: {queue}");
        let runs_statements = ["MaintenanceQueue", "ChangesetQueue"].contains(&queue.as_str());
        let assumed = if runs_statements { 6 * STATEMENT_SECONDS } else { VISIBILITY_SECONDS };
        assert_eq!(visibility, Some(assumed), "{id}: the tests assume this timeout");
    }
}

#[test]
fn each_queue_has_a_dead_letter_queue_after_five_receives_with_the_longest_retention() {
    let queues = resources(&template("infra/queues.yaml"), QUEUE);
    let (dead_letters, sources): (Vec<_>, Vec<_>) =
        queues.iter().partition(|(id, _)| id.ends_with("DeadLetters"));
    assert_eq!(dead_letters.len(), sources.len());
    for (id, queue) in sources {
        let policy = &queue["Properties"]["RedrivePolicy"];
        assert_eq!(references(policy), [id.replace("Queue", "DeadLetters.Arn")]);
        assert_eq!(policy["maxReceiveCount"], MAX_RECEIVES, "{id}");
    }
    for (id, queue) in dead_letters {
        assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 3600, "{id}");
    }
}

/// Returns the function to which the gateway routes `path`: by an exact route, else the longest greedy one, else
/// `$default`.
fn routed_function(main: &Value, path: &str) -> Option<String> {
    let routes = resources(main, ROUTE);
    let target = |key: &str| {
        let route = routes.values().find(|route| route["Properties"]["RouteKey"] == key)?;
        let integration = references(&route["Properties"]["Target"]).remove(0);
        let uri = references(&main["Resources"][&integration]["Properties"]["IntegrationUri"]).remove(0);
        Some(uri.strip_suffix(".Arn")?.to_owned())
    };
    let parents = path.rmatch_indices('/').map(|(end, _)| &path[..end]);
    target(&format!("ANY {path}"))
        .or_else(|| parents.into_iter().find_map(|parent| target(&format!("ANY {parent}/{{proxy+}}"))))
        .or_else(|| target("$default"))
}

/// Returns the literal paths in the routers below `directory`.
fn router_paths(directory: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).expect("sources are readable") {
        let path = entry.expect("sources are readable").path();
        if path.is_dir() {
            paths.extend(router_paths(&path));
        } else {
            let source = fs::read_to_string(&path).expect("sources are UTF-8");
            let literals = source.split(".route(").skip(1).filter_map(|rest| rest.split('"').nth(1));
            paths.extend(literals.filter(|literal| literal.starts_with('/')).map(str::to_owned));
        }
    }
    paths
}

#[test]
fn gateway_routes_every_path_to_the_function_that_serves_it() {
    let main = main_template();
    let mut checked = 0;
    for directory in directories() {
        for path in router_paths(&root().join("functions").join(&directory).join("src")) {
            assert_eq!(routed_function(&main, &path), Some(logical_id(&directory)), "{path}");
            checked += 1;
        }
    }
    assert!(checked > 10, "too few paths found in the routers: {checked}");
    for (path, function) in [
        ("/db", "UsageFunction"),
        ("/db/usage/launches/", "UsageFunction"),
        ("/notifications", "IngestFunction"),
        ("/notifications/rejected", "IngestFunction"),
        ("/v1/streams/7", "StreamsFunction"),
        ("/recomputations/", "RecomputationsFunction"),
        ("/api/v2/recomputations/7", "RecomputationsFunction"),
        ("/maintenance/world/schema/public", "MaintenanceFunction"),
        ("/discover", "MaintenanceFunction"),
        ("/status", "MaintenanceFunction"),
        ("/api/v1/", "SchemasFunction"),
        ("/api/v1/changeset/7/", "SchemasFunction"),
        ("/changesetreviews/result/7/", "SchemasFunction"),
        ("/changesetapplies/changeset-applies/", "SchemasFunction"),
        ("/changesetreviews", "AccessFunction"),
        ("/api/v2/reports", "AccessFunction"),
        ("/", "AccessFunction"),
        ("/healthz", "AccessFunction"),
        ("/dbs", "AccessFunction"),
    ] {
        assert_eq!(routed_function(&main, path).as_deref(), Some(function), "{path}");
    }
}

#[tokio::test]
async fn index_lists_every_api() -> Result<()> {
    let main = main_template();
    let index = TestBundle::start().await?.request("GET", "/", &[], "").await.json();
    let apis = index["apis"].as_array().expect("a list");
    let named: BTreeSet<_> = apis
        .iter()
        .filter_map(|api| routed_function(&main, api["path"].as_str().unwrap_or_default()))
        .collect();
    let has_routes = |directory: &String| {
        let source = root().join("functions").join(directory).join("src");
        directory != "access" && !router_paths(&source).is_empty()
    };
    let serving: BTreeSet<_> =
        directories().iter().filter(|name| has_routes(name)).map(|name| logical_id(name)).collect();
    assert_eq!(named, serving);
    Ok(())
}

#[test]
fn open_apis_require_iam_or_api_keys_and_functions_answer_before_the_gateway_times_out() {
    let main = main_template();
    for (id, route) in resources(&main, ROUTE) {
        let key = text(&route["Properties"]["RouteKey"]);
        let is_open =
            ["/db", "/v1", "/notifications"].iter().any(|prefix| key.starts_with(&format!("ANY {prefix}")));
        let expected =
            if is_open { json!({"Fn::If": ["KeysAreAsked", "NONE", "AWS_IAM"]}) } else { json!("NONE") };
        assert_eq!(route["Properties"]["AuthorizationType"], expected, "{id}");
    }
    let functions = resources(&main, FUNCTION);
    for (id, integration) in resources(&main, "AWS::ApiGatewayV2::Integration") {
        let properties = &integration["Properties"];
        assert_eq!(properties["PayloadFormatVersion"], "2.0", "{id}");
        let uri = references(&properties["IntegrationUri"]).remove(0);
        let function = uri.strip_suffix(".Arn").expect("an integration is a function");
        let timeout =
            functions[function]["Properties"]["Timeout"].as_i64().expect("a function has a timeout");
        assert!(properties["TimeoutInMillis"].as_i64() > Some(timeout * 1000), "{id}");
        assert!(
            DEADLINE.as_secs().cast_signed() + 2 < timeout,
            "{function} must have time to answer after its deadline"
        );
        let allowed = resources(&main, "AWS::Lambda::Permission")
            .values()
            .any(|permission| permission["Properties"]["FunctionName"]["Ref"] == function);
        assert!(allowed, "{id}: the gateway lacks the permission to call {function}");
    }
}

#[test]
fn each_function_has_sample_events() {
    for directory in directories() {
        let samples = fs::read_dir(root().join("events").join(&directory))
            .expect("a function has a directory of samples");
        let samples: Vec<_> = samples.map(|entry| entry.expect("samples are readable").path()).collect();
        assert!(!samples.is_empty(), "{directory}");
        for sample in samples {
            let text = fs::read_to_string(&sample).expect("samples are UTF-8");
            let event: Value = serde_json::from_str(&text).expect("samples are JSON");
            let is_valid = match (directory.as_str(), directory.ends_with("-worker")) {
                ("ticker", _) => event["detail-type"] == "Scheduled Event",
                (_, true) => event["Records"].as_array().is_some_and(|records| !records.is_empty()),
                _ => event["version"] == "2.0" && event["rawPath"].is_string(),
            };
            assert!(is_valid, "{}", sample.display());
        }
    }
}

#[test]
fn environments_contain_only_variables_that_the_code_reads() {
    let lists = [
        variables::SHARED,
        usage::settings::VARIABLES,
        streams::settings::VARIABLES,
        recomputations::settings::VARIABLES,
        recomputations_api::settings::VARIABLES,
        maintenance::server::VARIABLES,
        maintenance::operation::settings::VARIABLES,
        schemas::settings::VARIABLES,
        schemas::servers::VARIABLES,
        edge::aws::VARIABLES,
        edge::authorizer::VARIABLES,
        edge::log::VARIABLES,
        edge::web::VARIABLES,
        &[edge::start::FIRST_SECRET, "VERIFIED_QUEUE_URL", "PUBLISHED_QUEUE_URL"],
        &[domain::operations::TABLE, domain::operations::QUEUE, domain::schema_changes::QUEUE],
        &[usage::TABLE, usage::QUEUE, streams::TABLE, streams::QUEUE, notification::QUEUE, access::TABLE],
    ];
    let known: BTreeSet<&str> = lists.into_iter().flatten().copied().collect();
    for (id, variables) in environments(&main_template()) {
        for name in variables.keys() {
            assert!(known.contains(name.as_str()), "{id}: {name}");
        }
    }
}

/// Returns all settings as debug text.
fn settings(variables: &Variables) -> Result<String, Error> {
    Ok(format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        usage::settings::Settings::read(variables)?,
        streams::settings::Settings::read(variables)?,
        recomputations::settings::Settings::read(variables)?,
        maintenance::server::Servers::read(variables)?,
        maintenance::operation::settings::Settings::read(variables)?,
        schemas::settings::Settings::read(variables)?,
        schemas::servers::Servers::read(variables)?,
        recomputations_api::settings::InvalidStatus::read(variables)?,
        edge::authorizer::StackTachAuth::read(variables)?,
        edge::log::Log::read(variables)?.filter,
        edge::web::Web::read(variables)?,
    ))
}

#[test]
fn parameters_have_the_codes_defaults_and_all_allowed_values_parse() {
    let main = main_template();
    let mut set: HashMap<String, String> = HashMap::new();
    for (name, value) in environments(&main).into_values().flatten() {
        let Some(parameter) = value["Ref"].as_str().map(|parameter| &main["Parameters"][parameter]) else {
            continue;
        };
        if parameter.is_null() {
            continue; // a reference to a resource
        }
        let literal = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        for allowed in list(&parameter["AllowedValues"]) {
            let variables = Variables::default().with([(name.clone(), literal(&allowed))]);
            assert!(settings(&variables).is_ok(), "{name}={allowed}");
        }
        set.insert(name, literal(&parameter["Default"]));
    }
    assert!(set.len() > 5, "too few settings are parameters: {set:?}");
    let deployed = settings(&Variables::default().with(set)).expect("valid defaults");
    assert_eq!(deployed, settings(&Variables::default()).expect("valid defaults"));
}

#[test]
fn permissions_name_their_actions_and_resources() {
    for (id, function) in resources(&main_template(), FUNCTION) {
        for statement in statements(&function) {
            for action in list(&statement["Action"]) {
                let action = text(&action);
                assert!(!action.contains('*') && !action.ends_with(":Scan"), "{id}: {action}");
            }
            for resource in list(&statement["Resource"]) {
                let is_one = |target: &String| target.ends_with("Arn") || target == "FirstSecret";
                let named = references(&resource).iter().any(is_one);
                assert!(named, "{id}: a permission must name its table, queue or secret, not {resource}");
            }
        }
    }
}

#[test]
fn each_function_may_access_exactly_the_resources_in_its_environment() {
    let main = main_template();
    let environments = environments(&main);
    for (id, function) in resources(&main, FUNCTION) {
        let configured: BTreeSet<String> = references(&json!(environments[&id]))
            .iter()
            // Of the parameters, only the ARN of a secret names a resource.
            .filter(|target| main["Parameters"][target.as_str()].is_null() || target.ends_with("SecretArn"))
            .filter_map(|target| ["Name", "Url", "Arn"].iter().find_map(|suffix| target.strip_suffix(suffix)))
            .map(str::to_owned)
            .collect();
        let allowed: BTreeSet<String> = references(&json!(statements(&function)))
            .iter()
            .filter_map(|target| target.strip_suffix("Arn"))
            .map(str::to_owned)
            .collect();
        assert_eq!(configured, allowed, "{id}");
    }
}

#[test]
fn references_resolve() {
    let main = main_template();
    let nested = nested(&main);
    for (file, document) in
        nested.iter().map(|(id, document)| (id.as_str(), document)).chain([("main", &main)])
    {
        for target in references(&json!([document["Resources"], document["Outputs"]])) {
            let name = target.split('.').next().expect("split yields a part");
            let known = target.starts_with("AWS::")
                || !document["Resources"][name].is_null()
                || !document["Parameters"][name].is_null();
            assert!(known, "{file}: {target}");
            if let (Some(stack), Some((_, output))) = (nested.get(name), target.split_once(".Outputs.")) {
                assert!(!stack["Outputs"][output].is_null(), "{file}: {target}");
            }
        }
    }
}

#[test]
fn nested_stacks_receive_exactly_their_parameters() {
    let main = main_template();
    for (id, document) in nested(&main) {
        let given = &main["Resources"][&id]["Properties"]["Parameters"];
        let declared = document["Parameters"].as_object().cloned().unwrap_or_default();
        for (name, parameter) in &declared {
            assert!(
                !given[name].is_null() || !parameter["Default"].is_null(),
                "{id} requires the parameter {name}"
            );
        }
        for name in given.as_object().cloned().unwrap_or_default().keys() {
            assert!(declared.contains_key(name), "{id} has no parameter {name}");
        }
    }
}

#[test]
fn each_queue_and_function_has_its_alarms() {
    let main = main_template();
    let alarms = template("infra/alarms.yaml");
    let watched: BTreeSet<(String, String)> = resources(&alarms, "AWS::CloudWatch::Alarm")
        .values()
        .map(|alarm| {
            let metric = text(&alarm["Properties"]["MetricName"]).to_owned();
            (references(&alarm["Properties"]["Dimensions"]).remove(0), metric)
        })
        .collect();
    for queue in resources(&template("infra/queues.yaml"), QUEUE).into_keys() {
        let metric = if queue.ends_with("DeadLetters") {
            "ApproximateNumberOfMessagesVisible"
        } else {
            "ApproximateAgeOfOldestMessage"
        };
        assert!(watched.contains(&(queue.clone(), metric.to_owned())), "{queue}: {metric}");
    }
    for function in resources(&main, FUNCTION).into_keys() {
        for metric in ["Errors", "Throttles"] {
            assert!(watched.contains(&(function.clone(), metric.to_owned())), "{function}: {metric}");
        }
    }
}
