//! Lists, rows and methods: cases 1 to 14.

use serde_json::{Value, json};

use super::Body::{Empty, Error, Message};
use super::Edges;

const SORRY: &str = "Sorry, this request could not be processed. Please try again later.";

impl Edges {
    pub(super) async fn transport(&self) {
        self.credentials().await;
        self.pages().await;
        let get = |path| ("GET", path, Value::Null);
        let negative = "Invalid limit '-1' provided. Please provide a positive integer >= 0.";
        self.check(4, "dev", get("role/?limit=-1"), 400, Error(negative)).await;
        let filtering = "The 'name' field does not allow filtering.";
        self.check(7, "dev", get("role/?name=dba"), 400, Error(filtering)).await;
        let ordering = "The 'name' field does not allow ordering.";
        self.check(8, "dev", get("role/?order_by=name"), 400, Error(ordering)).await;
        self.check(10, "dev", get("role/99/"), 404, Empty).await;
        self.check(11, "dev", get("role/abc/"), 404, Message(SORRY)).await;
        for (case, method, path, allowed) in
            [(13, "POST", "role/", "GET"), (14, "GET", "user/create/", "POST")]
        {
            let reply = self.client.call("dev", method, &format!("/api/v1/{path}"), &Value::Null).await;
            assert_eq!((reply.status, reply.body.as_str()), (405, allowed), "case {case}");
            assert_eq!(reply.headers["allow"], allowed, "case {case}");
            self.done(case);
        }
    }

    async fn credentials(&self) {
        let anonymous = self.client.bundle.request("GET", "/api/v1/role/", &[], "").await;
        assert_eq!((anonymous.status, anonymous.body.as_str()), (401, ""));
        assert_eq!(anonymous.headers["www-authenticate"], "Basic Realm=\"django-tastypie\"");
        self.done(1);
        let index = self.client.bundle.request("GET", "/api/v1/", &[], "").await;
        assert_eq!(
            (index.status, index.json()["role"]["list_endpoint"].clone()),
            (200, json!("/api/v1/role/"))
        );
        self.done(2);
    }

    async fn pages(&self) {
        for (case, query, limit, count, next, previous) in [
            (3, "limit=0", 1_000, 3, Value::Null, Value::Null),
            (
                5,
                "limit=1&offset=1",
                1,
                1,
                json!("/api/v1/role/?limit=1&offset=2"),
                json!("/api/v1/role/?limit=1&offset=0"),
            ),
            (6, "offset=10", 20, 0, Value::Null, Value::Null),
            (9, "foo=bar", 20, 3, Value::Null, Value::Null),
        ] {
            let list = self.get(&format!("role/?{query}")).await;
            let meta = &list["meta"];
            assert_eq!((&meta["limit"], &meta["total_count"]), (&json!(limit), &json!(3)), "case {case}");
            assert_eq!(list["objects"].as_array().map(Vec::len), Some(count), "case {case}");
            assert_eq!((&meta["next"], &meta["previous"]), (&next, &previous), "case {case}");
            self.done(case);
        }
        let set = self.get("role/set/1;99/").await;
        assert_eq!((&set["not_found"], &set["objects"][0]["id"]), (&json!(["99"]), &json!(1)));
        assert_eq!(set["objects"].as_array().map(Vec::len), Some(1));
        self.done(12);
    }
}
