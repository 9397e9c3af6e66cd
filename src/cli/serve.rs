//! `coldcert serve`, `coldcert serve env`

use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::context::{Context, at};
use super::error::CliError;
use super::output::refuse_vaults;
use super::system_names;
use super::terminal::shown;
use crate::http::{
    Clock, Journal, Names, ServeError, Server, Service, Settings, TOKEN_CHARACTERS_MIN, Tokens, is_ready_file,
};
use crate::ledger::Attribution;
use crate::time::UnixTime;
use crate::verdict::Profile;

/// Answer as Key Vault does, over HTTPS on this machine
///
/// Official Azure clients can talk to it unmodified, at https://NAME.localhost:PORT, with the CA and the token that
/// `coldcert serve env` prints. When it is ready it writes one JSON line to stdout. It ends on SIGTERM or ^C, when the
/// requests under way are done.
///
/// The folder FILE.serve beside the vault keeps the certificates, and what clients need while it runs. Its CA is
/// constrained to localhost, its key sealed under the vault's.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  $ coldcert serve
  $ coldcert serve --listen 127.0.0.1:0 --name staging --ready-file ready.json
  $ eval \"$(coldcert serve env)\"")]
pub(super) struct Serve {
    #[command(subcommand)]
    verb: Option<ServeVerb>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum ServeVerb {
    Env(Env),
}

#[derive(Debug, Args)]
struct Options {
    /// Address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// A vault name: the host is NAME.localhost (may be repeated) [default: the vault file's stem]
    #[arg(long, value_name = "N")]
    name: Vec<String>,
    /// By which rules a merge is judged: key-vault accepts what the service accepts
    #[arg(long, value_name = "P", default_value = "key-vault", value_parser = super::check::profile)]
    profile: Profile,
    /// File with one token a line [default: one made anew at each start]
    #[arg(long, value_name = "F", conflicts_with = "any_token")]
    token_file: Option<PathBuf>,
    /// Take any token: every user of this machine is let in
    #[arg(long)]
    any_token: bool,
    /// Add a line for each exchange to this file [default: stderr]
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Write every exchange into this folder, a new JSON file each, with secrets left out
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Put the line that says it is ready into this file too; only an earlier server's is replaced
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Start with this time on its clock: 2027-10-01T00:00:00Z
    #[arg(long, value_name = "RFC3339", value_parser = at)]
    clock: Option<UnixTime>,
    /// Let POST /admin/clock move the clock
    #[arg(long)]
    admin: bool,
    /// Answer as NAME.vault.azure.net too, with a CA of its own that may speak for those names
    #[arg(long)]
    azure_hosts: bool,
    /// How many seconds issuer Self takes
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    self_delay: u16,
}

/// Print what a client needs of the server that runs, as lines for a shell
///
/// They are for the shell of that client alone: whatever else is started from it trusts this server's CA and no other.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  $ eval \"$(coldcert serve env)\"\n  $ coldcert serve env --shell powershell"
)]
struct Env {
    /// The file that the server wrote when it was ready [default: that beside the vault]
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// For which shell
    #[arg(long, value_enum, default_value = "sh")]
    shell: ShellKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShellKind {
    Sh,
    Powershell,
}

impl Serve {
    pub(super) fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        match self.verb {
            Some(ServeVerb::Env(env)) => env.run(context),
            None => self.options.serve(context),
        }
    }
}

impl Options {
    fn serve(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let names = self.names(context)?;
        let tokens = self.tokens(context)?;
        // Before the passphrase is asked for, and once more when it is written.
        for file in self.ready_files(context) {
            refuse_vaults(&file, context.vault_path())?;
            is_ready_file(&file)?;
        }
        let journal = self.journal(context)?;
        let clock = self.clock.or_else(|| context.stated_time()).map_or_else(Clock::default, Clock::showing);
        let mut vault = context.open()?;
        let vault_key = context.unseal(&mut vault)?;
        // Who asks a server is known by a token alone: what it does is done by who started it.
        let by = context.attribution();
        vault.attribute_to(Attribution { operator: format!("{} (server)", by.operator), clock: None, ..by });
        let settings = Settings {
            names,
            tokens,
            profile: self.profile,
            clock,
            admin: self.admin,
            journal,
            delay_of_self: Duration::from_secs(u64::from(self.self_delay)),
        };
        let service = Service::new(vault, vault_key, settings)?;
        // One thread for the connections; what asks the vault has threads of its own.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| ServeError::Broken { cause })?;
        raise_file_limit();
        runtime.block_on(self.until_stopped(service, context))?;
        context.say("stopped");
        Ok(())
    }

    async fn until_stopped(&self, service: Service, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let broken = |cause| ServeError::Broken { cause };
        // Before anybody is told that it is ready.
        let mut terminated = signal(SignalKind::terminate()).map_err(broken)?;
        let mut interrupted = signal(SignalKind::interrupt()).map_err(broken)?;
        let server = Server::bind(service, self.listen, &folder(context.vault_path()))?;
        let listening = server.listening().clone();
        let ready = self.ready_files(context);
        for file in &ready {
            listening.write_ready_file(file)?;
        }
        context.artifact(listening.document().as_bytes())?;
        context.flush()?;
        self.say_where(context, &listening.url);
        let done = server
            .run(async move {
                tokio::select! {
                    _ = terminated.recv() => {}
                    _ = interrupted.recv() => {}
                }
            })
            .await;
        for file in ready {
            // Not that of a server that was started after this one.
            if std::fs::read(&file).is_ok_and(|found| found == listening.document().as_bytes()) {
                let _ = std::fs::remove_file(file);
            }
        }
        Ok(done?)
    }

    /// That beside the vault, and the one that was asked for.
    fn ready_files(&self, context: &Context<'_, '_>) -> Vec<PathBuf> {
        let own = folder(context.vault_path()).join(READY);
        std::iter::once(own).chain(self.ready_file.clone()).collect()
    }

    fn say_where(&self, context: &mut Context<'_, '_>, url: &str) {
        context.say(&format!(
            "serving {} at {url}, merges judged by {}",
            shown(context.vault_path()),
            self.profile.name()
        ));
        if self.any_token {
            context.say("warn    any token is taken: every user of this machine is let in");
        }
        let name = url.trim_start_matches("https://").split(':').next().unwrap_or_default();
        if !system_names::knows_host(name) {
            context.say(&format!("note    {name} is not known to this machine's resolver"));
            context.say(&format!("        help: add this line to its hosts file: 127.0.0.1 {name}"));
        }
        let vault = shown(context.vault_path());
        context.next(&format!("in another shell: eval \"$(coldcert serve env --vault {vault})\""));
    }

    fn names(&self, context: &Context<'_, '_>) -> Result<Names, CliError> {
        let labels = match self.name.is_empty() {
            true => vec![context.vault_name()],
            false => self.name.iter().map(|name| name.to_ascii_lowercase()).collect(),
        };
        let value = labels.join(", ");
        let names = Names::new(labels).ok_or_else(|| CliError::Option {
            option: "--name",
            value,
            allowed: "1 to 63 letters, digits and hyphens, a hyphen neither first nor last".to_owned(),
        })?;
        let address = self.listen.ip();
        if !address.is_loopback() && self.token_file.is_none() {
            return Err(CliError::Option {
                option: "--listen",
                value: self.listen.to_string(),
                allowed: "an address of the loopback; others only with --token-file".to_owned(),
            });
        }
        let names = if self.azure_hosts { names.with_azure_names() } else { names };
        let is_other = !address.is_loopback() && !address.is_unspecified();
        Ok(if is_other { names.with_address(address) } else { names })
    }

    fn tokens(&self, context: &mut Context<'_, '_>) -> Result<Tokens, CliError> {
        if self.any_token {
            return Ok(Tokens::any());
        }
        let Some(path) = &self.token_file else {
            return Ok(Tokens::generate().ok_or(ServeError::Random)?);
        };
        let bytes = context.read(path)?;
        let refused = || CliError::Option {
            option: "--token-file",
            value: shown(path),
            allowed: format!(
                "one token a line, each of at least {TOKEN_CHARACTERS_MIN} characters without blanks"
            ),
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| refused())?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Tokens::these(lines.map(|line| Zeroizing::new(line.to_owned())).collect()).ok_or_else(refused)
    }

    fn journal(&self, context: &mut Context<'_, '_>) -> Result<Journal, CliError> {
        let log: Option<Box<dyn Write + Send>> = match &self.log {
            None => context.log(),
            Some(path) => {
                refuse_vaults(path, context.vault_path())?;
                let failed = |cause| CliError::Folder { path: path.clone(), cause };
                let file =
                    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
                Some(Box::new(file))
            }
        };
        if let Some(folder) = &self.record
            && !folder.is_dir()
        {
            std::fs::create_dir(folder).map_err(|cause| CliError::Folder { path: folder.clone(), cause })?;
        }
        Ok(Journal::new(log, self.record.clone()))
    }
}

impl Env {
    fn run(self, context: &mut Context<'_, '_>) -> Result<(), CliError> {
        let path = self.ready_file.unwrap_or_else(|| folder(context.vault_path()).join(READY));
        if !path.exists() {
            return Err(CliError::NotServing { path });
        }
        let bytes = context.read(&path)?;
        let ready: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let of = |member: &str| ready[member].as_str().unwrap_or_default().to_owned();
        // A server that was killed leaves its file behind.
        if !is_listening(&of("url")) {
            return Err(CliError::NotServing { path });
        }
        let ca = of("ca");
        let variables = [
            ("VAULT_URL", of("url")),
            ("AZURE_KEYVAULT_URL", of("url")),
            ("REQUESTS_CA_BUNDLE", ca.clone()),
            ("SSL_CERT_FILE", ca.clone()),
            ("NODE_EXTRA_CA_CERTS", ca.clone()),
            ("CURL_CA_BUNDLE", ca),
            ("IDENTITY_ENDPOINT", of("identity_endpoint")),
            ("IDENTITY_HEADER", of("identity_header")),
            ("COLDCERT_TOKEN", of("token")),
        ];
        if context.json {
            let members = variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            return context.write_json(&Value::Object(members.collect()));
        }
        for (name, value) in &variables {
            let line = match self.shell {
                ShellKind::Sh => format!("export {name}='{}'\n", value.replace('\'', "'\\''")),
                ShellKind::Powershell => format!("$env:{name} = '{}'\n", value.replace('\'', "''")),
            };
            context.artifact(line.as_bytes())?;
        }
        Ok(())
    }
}

/// Whether somebody listens there. Names under localhost are the loopback, whether or not they resolve.
fn is_listening(url: &str) -> bool {
    let authority = url.trim_start_matches("https://");
    let place = match authority.split_once(".localhost:") {
        Some((_, port)) => format!("localhost:{port}"),
        None => authority.to_owned(),
    };
    TcpStream::connect(place).is_ok()
}

/// What the server keeps beside the vault.
fn folder(vault: &Path) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push(".serve");
    PathBuf::from(name)
}

/// Each connection is a file: as many as the system lets this process have. With fewer it serves fewer.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The ready file beside the vault.
const READY: &str = "ready.json";
