//! `steward admin`: a client of the access API of a running Steward, local or on AWS.

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

/// Timeout of a request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Manage API keys and users, and read the audit log
#[derive(Args, Debug)]
pub struct Admin {
    /// Base URL of Steward
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000", global = true)]
    url: String,
    /// File that contains an administrator's API key
    #[arg(long, value_name = "FILE", default_value = ".steward/first-key", global = true)]
    key_file: PathBuf,
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand, Debug)]
enum AdminCommand {
    /// Manage API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Manage users
    #[command(subcommand)]
    Users(UsersCommand),
    /// List changes in the audit log, newest first
    Audit {
        /// Maximum number of changes
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
    /// List all keys
    List,
    /// Create a key and print its secret, which is not shown again
    Make {
        /// Name that describes the key's purpose
        name: String,
        /// Role, such as viewer or usage:editor; can be repeated
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
        /// Tenant that the key belongs to [default: default]
        #[arg(long)]
        tenant: Option<String>,
        /// Time at which the key expires, such as 2035-01-05T00:00:00Z [default: never]
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Revoke a key permanently
    Revoke {
        /// Id of the key, as listed
        id: String,
    },
}

#[derive(Subcommand, Debug)]
enum UsersCommand {
    /// List all users
    List,
    /// Create a user, whose password is read from standard input
    Make {
        /// Name of the user
        name: String,
        /// Role, such as viewer or recomputations:approver; can be repeated
        #[arg(long = "role", value_name = "ROLE", required = true)]
        roles: Vec<String>,
        /// Email address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Change a user
    Change {
        /// Name of the user
        name: String,
        /// Role, such as viewer or recomputations:approver; can be repeated, and replaces all current roles
        #[arg(long = "role", value_name = "ROLE")]
        roles: Option<Vec<String>>,
        /// Email address
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Read a new password from standard input
        #[arg(long)]
        password: bool,
    },
    /// Remove a user
    Remove {
        /// Name of the user
        name: String,
    },
}

/// A request to the access API.
struct ApiRequest {
    method: &'static str,
    /// Path below `/access/`.
    path: String,
    body: Option<Value>,
}

impl Admin {
    /// Sends the request of the command and prints the response.
    pub fn run(self) -> Result<()> {
        let response = self.send(&self.command.request()?)?;
        print(&response);
        Ok(())
    }

    fn send(&self, request: &ApiRequest) -> Result<Value> {
        let key = fs::read_to_string(&self.key_file).with_context(|| {
            format!("cannot read {}; set the file with --key-file", self.key_file.display())
        })?;
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .http_status_as_error(false)
            .build()
            .into();
        let url = format!("{}/access/{}", self.url.trim_end_matches('/'), request.path);
        let builder =
            ureq::http::Request::builder().method(request.method).uri(&url).header("x-api-key", key.trim());
        let sent = match &request.body {
            Some(body) => {
                agent.run(builder.header("content-type", "application/json").body(body.to_string())?)
            }
            None => agent.run(builder.body(())?),
        };
        let mut response = sent.with_context(|| format!("cannot reach {}", self.url))?;
        let text = response.body_mut().read_to_string()?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        if !response.status().is_success() {
            bail!("{}", body["message"].as_str().unwrap_or(response.status().as_str()));
        }
        Ok(body)
    }
}

impl AdminCommand {
    fn request(&self) -> Result<ApiRequest> {
        let request = |method, path: String, body| Ok(ApiRequest { method, path, body });
        match self {
            Self::Keys(KeysCommand::List) => request("GET", "keys".to_owned(), None),
            Self::Keys(KeysCommand::Make { name, roles, tenant, expires }) => {
                let body = json!({"name": name, "roles": roles, "tenant": tenant, "expires": expires});
                request("POST", "keys".to_owned(), Some(body))
            }
            Self::Keys(KeysCommand::Revoke { id }) => request("DELETE", format!("keys/{id}"), None),
            Self::Users(UsersCommand::List) => request("GET", "users".to_owned(), None),
            Self::Users(UsersCommand::Make { name, roles, email }) => {
                let email = email.clone().unwrap_or_default();
                let body =
                    json!({"name": name, "roles": roles, "email": email, "password": read_password()?});
                request("POST", "users".to_owned(), Some(body))
            }
            Self::Users(UsersCommand::Change { name, roles, email, password: has_password }) => {
                let password = if *has_password { Some(read_password()?) } else { None };
                let body = json!({"roles": roles, "email": email, "password": password});
                request("PUT", format!("users/{name}"), Some(body))
            }
            Self::Users(UsersCommand::Remove { name }) => request("DELETE", format!("users/{name}"), None),
            Self::Audit { limit } => request("GET", format!("audit?limit={limit}"), None),
        }
    }
}

/// Reads a password from the first line of standard input, because other users of the machine can see command lines.
fn read_password() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().read_to_string(&mut line).context("cannot read a password from standard input")?;
    Ok(line.lines().next().unwrap_or_default().to_owned())
}

/// Prints a response: a list as a table, and an object by its members.
fn print(response: &Value) {
    let list = response.as_object().and_then(|members| members.values().find_map(Value::as_array));
    match (list, response) {
        (Some(rows), _) if rows.iter().all(Value::is_object) && !rows.is_empty() => {
            println!("{}", table(rows));
        }
        (Some(rows), _) if rows.is_empty() => println!("No entries."),
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
    let empty = Map::new();
    let names: Vec<_> = rows[0].as_object().unwrap_or(&empty).keys().cloned().collect();
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
