//! Every request that the documents of the original show, with its documented answer, on the sample data.
//!
//! `tests/documents/*.json` lists them with the samples' slips mended; ids are taken from the lists that come first.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use http::Method;
use local::bundle::Bundle;
use local::demo;
use serde::Deserialize;
use serde_json::Value;
use tests::TestBundle;

const USAGE: &str = include_str!("../documents/usage.json");
const STREAMS: &str = include_str!("../documents/streams.json");
const RECOMPUTATIONS: &str = include_str!("../documents/recomputations.json");

/// A documented request and what is documented of its answer.
#[derive(Deserialize)]
struct Documented {
    section: String,
    method: String,
    path: String,
    body: Option<Value>,
    /// The method that is meant where only POST can be sent.
    #[serde(rename = "override")]
    meant: Option<String>,
    /// A form, where that is sent in place of JSON.
    form: Option<String>,
    status: u16,
    /// Whether the body has no bytes.
    #[serde(default)]
    empty: bool,
    /// The keys of the objects at these places (JSON pointers).
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
    /// What stands at these places.
    #[serde(default)]
    values: BTreeMap<String, Value>,
    /// Places where nothing stands.
    #[serde(default)]
    absent: Vec<String>,
    /// What later requests need, and where it stands (JSON pointers).
    #[serde(default)]
    take: BTreeMap<String, String>,
}

impl Documented {
    /// Looks whether an answer is the documented one, and takes what later requests need.
    fn check(&self, answer: &Value, taken: &mut BTreeMap<String, String>) -> Result<()> {
        let section = &self.section;
        let at = |place: &str| {
            answer.pointer(place).with_context(|| format!("{section}: nothing at '{place}' of {answer}"))
        };
        for (place, keys) in &self.keys {
            let object =
                at(place)?.as_object().with_context(|| format!("{section}: no object at '{place}'"))?;
            for key in keys {
                assert!(object.contains_key(key), "{section}: no {key} at '{place}' of {answer}");
            }
        }
        for (place, value) in &self.values {
            assert_eq!(at(place)?, value, "{section}: at '{place}'");
        }
        for place in &self.absent {
            assert!(answer.pointer(place).is_none(), "{section}: something at '{place}' of {answer}");
        }
        for (name, place) in &self.take {
            let value = at(place)?;
            taken.insert(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        Ok(())
    }
}

/// Puts what earlier answers gave in place of `{name}`.
fn filled(text: &str, taken: &BTreeMap<String, String>) -> String {
    taken.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

#[tokio::test]
async fn every_documented_request_of_usage_has_its_documented_answer() -> Result<()> {
    let bundle = TestBundle::start().await?;
    let samples = local::samples::notifications(bundle.clock.now())?;
    bundle.record(&serde_json::from_str(&samples)?).await?;

    let documented: Vec<Documented> = serde_json::from_str(USAGE)?;
    let mut taken = BTreeMap::new();
    for documented in documented {
        let Documented { section, method, path, body, status, empty, .. } = &documented;
        let body = body.as_ref().map(|body| filled(&body.to_string(), &taken)).unwrap_or_default();
        let reply = bundle.send(method.parse::<Method>()?, &filled(path, &taken), body).await;
        assert_eq!(reply.status, *status, "{section}: {reply:?}");
        assert!(reply.header("content-type").starts_with("application/json"), "{section}: {reply:?}");
        assert!(reply.header("vary").contains("Accept"), "{section}: {reply:?}");
        assert_eq!(reply.body.is_empty(), *empty, "{section}: {reply:?}");
        if !empty {
            documented.check(&reply.json(), &mut taken)?;
        }
    }

    // The confirmations above were sent last for the first two of them as V2, and the repair found a pending record.
    let exists = bundle.get("/db/usage/nova/exists/").await.json();
    let row = |place: usize| &exists["exists"][place];
    assert_eq!((&row(4)["send_status"], &row(4)["event_id"]), (&201.into(), &"AH_event_id_1".into()));
    assert_eq!((&row(0)["status"], &row(0)["send_status"]), (&"sent_unverified".into(), &201.into()));
    Ok(())
}

#[tokio::test]
async fn every_documented_request_of_recomputations_has_its_documented_answer() -> Result<()> {
    let bundle = TestBundle::start().await?;
    demo::seed_access(&bundle.access).await?;
    demo::seed_recomputations(&Bundle::new(
        bundle.platform.clone(),
        bundle.access.clone(),
        Arc::clone(&bundle.rules),
    )?)
    .await?;

    let headers = [("x-api-key", demo::API_KEY), ("accept", "application/json")];
    are_answered(&bundle, RECOMPUTATIONS, &headers).await
}

#[tokio::test]
async fn every_documented_request_of_streams_has_its_documented_answer() -> Result<()> {
    let bundle = TestBundle::with_streams().await?;
    let samples = local::samples::notifications(bundle.clock.now())?;
    bundle.record(&serde_json::from_str(&samples)?).await?;

    are_answered(&bundle, STREAMS, &[]).await
}

/// Sends what is documented to the gateway, with these headers, and looks whether each answer is the documented one.
async fn are_answered(bundle: &TestBundle, documented: &str, headers: &[(&str, &str)]) -> Result<()> {
    let documented: Vec<Documented> = serde_json::from_str(documented)?;
    let mut taken = BTreeMap::new();
    for documented in documented {
        let Documented { section, method, path, body, meant, form, status, empty, .. } = &documented;
        let mut headers = headers.to_vec();
        headers.extend(meant.iter().map(|method| ("x-http-method-override", method.as_str())));
        headers.extend(form.iter().map(|_| ("content-type", "application/x-www-form-urlencoded")));
        let body = form.clone().or_else(|| body.as_ref().map(Value::to_string)).unwrap_or_default();
        let reply = bundle.ask(method, &filled(path, &taken), &headers, &body).await;
        assert_eq!((reply.status, reply.body.is_empty()), (*status, *empty), "{section}: {reply:?}");
        if !empty {
            documented.check(&reply.json(), &mut taken)?;
        }
    }
    Ok(())
}
