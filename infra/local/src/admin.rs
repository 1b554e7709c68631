//! `steward admin`: keys, users and the audit log of a running Steward, here or on AWS.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::{Map, Value, json};
use ureq::Agent;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who may ask, and who did what
#[derive(Args, Debug)]
pub struct Admin {
    /// Where Steward is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000", global = true)]
    url: String,
    /// File that holds an administrator's API key
    #[arg(long, value_name = "FILE", default_value = ".steward/first-key", global = true)]
    key_file: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// API keys: list them, make one, revoke one
    #[command(subcommand)]
    Keys(Keys),
    /// Users: list them, make, change or remove one
    #[command(subcommand)]
    Users(Users),
    /// Who changed what, newest first
    Audit {
        /// How many changes
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Subcommand, Debug)]
enum Keys {
    /// List all keys
    List,
    /// Make a key and print it, once
    Make {
        /// What it is for
        name: String,
        /// Role, such as viewer or usage:editor; may be given several times
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// Whose records it opens
        #[arg(long)]
        tenant: Option<String>,
        /// From when on it opens nothing, such as 2035-01-05T00:00:00Z
        #[arg(long)]
        expires: Option<String>,
    },
    /// Revoke a key for good
    Revoke {
        /// Its id, as listed
        id: String,
    },
}

#[derive(Subcommand, Debug)]
enum Users {
    /// List all users
    List,
    /// Make a user; the password is read from standard input
    Make {
        /// Name
        name: String,
        /// Role, such as viewer or schemas:approver; may be given several times
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
    },
    /// Change a user
    Change {
        /// Name
        name: String,
        /// All roles from now on
        #[arg(long = "role")]
        roles: Option<Vec<String>>,
        /// E-mail address
        #[arg(long)]
        email: Option<String>,
        /// Read a new password from standard input
        #[arg(long)]
        password: bool,
    },
    /// Remove a user
    Remove {
        /// Name
        name: String,
    },
}

/// A request to `/access`.
struct Call {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

impl Admin {
    /// Asks Steward and prints what it answers.
    pub fn run(self) -> Result<()> {
        let call = self.what.call()?;
        let answer = self.ask(&call)?;
        print(&answer);
        Ok(())
    }

    fn ask(&self, call: &Call) -> Result<Value> {
        let key = fs::read_to_string(&self.key_file).with_context(|| {
            format!("{} cannot be read; give a file with --key-file", self.key_file.display())
        })?;
        let agent: Agent =
            Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).build().into();
        let address = format!("{}/access/{}", self.url.trim_end_matches('/'), call.path);
        let request =
            ureq::http::Request::builder().method(call.method).uri(&address).header("x-api-key", key.trim());
        let sent = match &call.body {
            Some(body) => {
                agent.run(request.header("content-type", "application/json").body(body.to_string())?)
            }
            None => agent.run(request.body(())?),
        };
        let mut answer = sent.with_context(|| format!("{} does not answer", self.url))?;
        let text = answer.body_mut().read_to_string()?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if !answer.status().is_success() {
            bail!("{}", body["message"].as_str().unwrap_or(answer.status().as_str()));
        }
        Ok(body)
    }
}

impl What {
    fn call(&self) -> Result<Call> {
        let call = |method, path: String, body| Ok(Call { method, path, body });
        match self {
            Self::Keys(Keys::List) => call("GET", "keys".to_owned(), None),
            Self::Keys(Keys::Make { name, roles, tenant, expires }) => {
                let body = json!({"name": name, "roles": roles, "tenant": tenant, "expires": expires});
                call("POST", "keys".to_owned(), Some(body))
            }
            Self::Keys(Keys::Revoke { id }) => call("DELETE", format!("keys/{id}"), None),
            Self::Users(Users::List) => call("GET", "users".to_owned(), None),
            Self::Users(Users::Make { name, roles, email }) => {
                let email = email.clone().unwrap_or_default();
                let body = json!({"name": name, "roles": roles, "email": email, "password": password()?});
                call("POST", "users".to_owned(), Some(body))
            }
            Self::Users(Users::Change { name, roles, email, password: is_new }) => {
                let password = if *is_new { Some(password()?) } else { None };
                let body = json!({"roles": roles, "email": email, "password": password});
                call("PUT", format!("users/{name}"), Some(body))
            }
            Self::Users(Users::Remove { name }) => call("DELETE", format!("users/{name}"), None),
            Self::Audit { limit } => call("GET", format!("audit?limit={limit}"), None),
        }
    }
}

/// A password, the first line of standard input: on a command line everybody on the machine could read it.
fn password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_to_string(&mut line).context("no password can be read")?;
    Ok(line.lines().next().unwrap_or_default().to_owned())
}

/// A list as a table, one thing as its members.
fn print(answer: &Value) {
    let list = answer.as_object().and_then(|members| members.values().find_map(Value::as_array));
    match (list, answer) {
        (Some(rows), _) if rows.iter().all(Value::is_object) && !rows.is_empty() => {
            println!("{}", table(rows));
        }
        (Some(rows), _) if rows.is_empty() => println!("There is none."),
        (_, Value::Object(members)) => {
            for (name, value) in members {
                println!("{name}: {}", text(value));
            }
        }
        (_, other) => println!("{other}"),
    }
}

fn table(rows: &[Value]) -> Table {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    let none = Map::new();
    let names: Vec<_> = rows[0].as_object().unwrap_or(&none).keys().cloned().collect();
    table.set_header(names.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(names.iter().map(|name| text(&row[name.as_str()])));
    }
    table
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
