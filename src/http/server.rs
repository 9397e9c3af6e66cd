//! The service behind TLS, on the loopback: bound, announced, stopped.

use std::fs;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use super::file::{self, Owner};
use super::identity::{self, Identity};
use super::service::Service;
use super::tls::{LocalAuthority, TlsError, is_to_be_renewed};
use super::token::random_secret;
use crate::name::shown;
use crate::time::UnixTime;

/// A server that is bound, and answers once it runs.
pub struct Server {
    service: Arc<Service>,
    listener: TcpListener,
    identity_listener: TcpListener,
    authority: LocalAuthority,
    listening: Listening,
}

/// What a client needs of a server.
#[derive(Clone)]
pub struct Listening {
    /// `https://NAME.localhost:PORT`, or that of an address beyond the loopback.
    pub url: String,
    /// The address that it is bound to.
    pub address: SocketAddr,
    /// The CA's certificate, in PEM.
    pub ca: PathBuf,
    /// The managed identity endpoint.
    pub identity_endpoint: String,
    /// The value that the endpoint wants in its header.
    pub secret_identity_header: Zeroizing<String>,
    /// A token.
    pub secret_token: Zeroizing<String>,
    /// Whose the folder of the CA is.
    owner: Owner,
}

impl Listening {
    /// The line that is printed, and kept in the ready file.
    pub fn document(&self) -> Zeroizing<String> {
        let value: Value = json!({
            "url": self.url,
            "ca": self.ca,
            "token": self.secret_token.as_str(),
            "identity_endpoint": self.identity_endpoint,
            "identity_header": self.secret_identity_header.as_str(),
        });
        Zeroizing::new(format!("{value}\n"))
    }
}

impl std::fmt::Debug for Listening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listening").field("url", &self.url).field("ca", &self.ca).finish_non_exhaustive()
    }
}

impl Server {
    /// Binds to an address, port 0 for a free one, with the CA of a folder.
    pub fn bind(service: Service, address: SocketAddr, folder: &Path) -> Result<Self, ServeError> {
        let authority = LocalAuthority::open(folder, service.owner(), service.names(), service.vault_key())?;
        let listener = bound(address)?;
        let identity_listener = bound(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let local = |listener: &TcpListener| {
            listener.local_addr().map_err(|cause| ServeError::Bind { address, cause })
        };
        let address = local(&listener)?;
        let ca = fs::canonicalize(authority.ca_file())
            .map_err(|cause| TlsError::File { path: authority.ca_file().to_owned(), cause })?;
        let listening = Listening {
            // A name under localhost is on this machine's loopback and nowhere else.
            url: match address.ip() {
                ip if ip.is_loopback() || ip.is_unspecified() => {
                    format!("https://{}:{}", service.names().first_host(), address.port())
                }
                _ => format!("https://{address}"),
            },
            address,
            ca,
            identity_endpoint: format!("http://{}{}", local(&identity_listener)?, identity::PATH),
            secret_identity_header: random_secret().ok_or(ServeError::Random)?,
            secret_token: Zeroizing::new(service.tokens().secret_first().to_owned()),
            owner: service.owner(),
        };
        Ok(Self { service: Arc::new(service), listener, identity_listener, authority, listening })
    }

    /// What clients need.
    pub fn listening(&self) -> &Listening {
        &self.listening
    }

    /// Answers until `stop` is done; then finishes the requests under way.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { service, listener, identity_listener, authority, listening } = self;
        let failed = |cause| ServeError::Broken { cause };
        let tls = RustlsConfig::from_config(Arc::new(authority.server_config(service.names())?));
        let handle = Handle::new();
        let places = Places(Arc::new(Semaphore::new(CONNECTIONS_MAX)));
        let acceptor = RustlsAcceptor::new(tls.clone()).handshake_timeout(HANDSHAKE_WAIT).acceptor(places);
        let mut server = axum_server::from_tcp(listener)
            .map_err(failed)?
            .acceptor(acceptor)
            .handle(handle.clone())
            .http1_only();
        limits(server.http_builder());
        let identity = Arc::new(Identity {
            service: Arc::clone(&service),
            secret: listening.secret_identity_header.clone(),
        });
        let identity_handle = Handle::new();
        let mut identity_server = axum_server::from_tcp(identity_listener)
            .map_err(failed)?
            .acceptor(Places(Arc::new(Semaphore::new(IDENTITY_CONNECTIONS_MAX))))
            .handle(identity_handle.clone())
            .http1_only();
        limits(identity_server.http_builder());

        service.answer_what_waits_for_self().await;
        let app = super::app(Arc::clone(&service)).into_make_service();
        let identity_app = identity::app(identity).into_make_service();
        let ending = async {
            stop.await;
            identity_handle.shutdown();
            handle.graceful_shutdown(Some(STOP_WAIT));
        };
        let renewing = renew(&service, &authority, &tls);
        let serving = async { tokio::join!(server.serve(app), identity_server.serve(identity_app), ending) };
        tokio::select! {
            (served, served_identity, ()) = serving => {
                served.map_err(failed)?;
                served_identity.map_err(failed)
            }
            error = renewing => Err(error.into()),
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listening", &self.listening).finish_non_exhaustive()
    }
}

/// Renews the certificate as long as the server runs; ends with what went wrong.
async fn renew(service: &Service, authority: &LocalAuthority, tls: &RustlsConfig) -> TlsError {
    let mut made = UnixTime::now();
    loop {
        tokio::time::sleep(RENEWAL_LOOKS).await;
        // By the calendar, and not by the time slept: a machine that was asleep is late.
        if !is_to_be_renewed(made, UnixTime::now()) {
            continue;
        }
        made = UnixTime::now();
        match authority.server_config(service.names()) {
            Ok(config) => tls.reload_from_config(Arc::new(config)),
            Err(error) => return error,
        }
    }
}

fn limits(builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX);
}

/// Takes a listener's address. What another process left half-closed there is no obstacle.
fn bound(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let failed = |cause| ServeError::Bind { address, cause };
    let listener = TcpListener::bind(address).map_err(failed)?;
    // A longer queue than the one that it was made with.
    rustix::net::listen(&listener, BACKLOG).map_err(|error| failed(error.into()))?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

impl Listening {
    /// Writes the ready file by rename: whoever finds it finds it whole. It replaces that of an earlier server and
    /// nothing else. Beside the vault it is its owner's, elsewhere of who starts the server.
    pub fn write_ready_file(&self, path: &Path) -> Result<(), ServeError> {
        let document = self.document();
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let owner = if folder.as_deref() == self.ca.parent() { self.owner } else { Owner::MAKER };
        let put = match is_ready_file(path)? {
            true => file::put(path, document.as_bytes(), READY_MODE, owner),
            false => file::put_new(path, document.as_bytes(), READY_MODE, owner),
        };
        put.map_err(|cause| match cause.kind() {
            std::io::ErrorKind::AlreadyExists => ServeError::NoReadyFile { path: path.to_owned() },
            _ => ServeError::ReadyFile { path: path.to_owned(), cause },
        })
    }
}

/// Whether an earlier server's ready file lies there; false where nothing does. Whatever else does is refused: the ready
/// file takes its place, and goes when the server stops.
pub fn is_ready_file(path: &Path) -> Result<bool, ServeError> {
    let failed = |cause| ServeError::ReadyFile { path: path.to_owned(), cause };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(failed(cause)),
    };
    let refused = || ServeError::NoReadyFile { path: path.to_owned() };
    // Neither a link nor a pipe: by rename it is they that would be replaced.
    if !found.is_file() || found.len() > READY_BYTES_MAX {
        return Err(refused());
    }
    let bytes = Zeroizing::new(fs::read(path).map_err(failed)?);
    let ready: Option<Ready> = serde_json::from_slice(&bytes).ok();
    ready.map(|_| true).ok_or_else(refused)
}

/// The members by which a ready file is known; their values are nobody's business here.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "that they are there is all that is asked")]
struct Ready {
    url: IgnoredAny,
    ca: IgnoredAny,
    token: IgnoredAny,
    identity_endpoint: IgnoredAny,
    identity_header: IgnoredAny,
}

/// Places for connections: each holds one while it is open, and whoever finds none waits to be accepted.
#[derive(Clone)]
struct Places(Arc<Semaphore>);

impl<S: Send + 'static> Accept<TcpStream, S> for Places {
    type Stream = Placed;
    type Service = S;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<(Placed, S)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let places = Arc::clone(&self.0);
        Box::pin(async move {
            let (stream, service) = NoDelayAcceptor::new().accept(stream, service).await?;
            // Whoever comes when there is no place is let go at once, and not kept hanging.
            let place = places.try_acquire_owned().map_err(|_| std::io::Error::other("no place"))?;
            Ok((Placed { stream, _place: place }, service))
        })
    }
}

/// A connection with its place.
struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl tokio::io::AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl tokio::io::AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> std::task::Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Why the server did not start, or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be bound.
    #[error("{address}: cannot be listened at: {cause}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The ready file.
    #[error("{}: {cause}", shown(.path))]
    ReadyFile {
        /// The file.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// Something else lies where the ready file is to be.
    #[error("{} exists, and it is not the ready file of a server", shown(.path))]
    NoReadyFile {
        /// The file.
        path: PathBuf,
    },
    /// The server broke.
    #[error("the server broke: {cause}")]
    Broken {
        /// The system's word.
        cause: std::io::Error,
    },
    /// No random bytes.
    #[error("the system gave no random bytes")]
    Random,
}

impl ServeError {
    /// Whether it was understood and refused, as opposed to broken: exit code 1 or 2.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::NoReadyFile { .. })
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Bind { .. } => {
                "stop what listens there, or take a free port with: --listen 127.0.0.1:0".to_owned()
            }
            Self::Tls(error) => error.help(),
            Self::ReadyFile { .. } => "name a file in a folder that can be written".to_owned(),
            Self::NoReadyFile { .. } => {
                "name another file with --ready-file; only that of an earlier server is replaced".to_owned()
            }
            Self::Broken { .. } | Self::Random => "start it again".to_owned(),
        }
    }
}

/// It holds a token.
const READY_MODE: u32 = 0o600;
/// A path, an address and two secrets: with the longest path under 5 KiB, each character of it escaped under 30.
const READY_BYTES_MAX: u64 = 64 * 1024;
/// Open connections at once. Each costs some 40 KiB with its TLS state, and up to 110 KiB with the longest head of a request
/// that is not at its end: 800 MiB in all, and 2.2 GiB for as long as such a head may take. What is more is closed.
pub const CONNECTIONS_MAX: usize = 20_000;
/// Open connections at once to the identity endpoint. Each client asks once for a token and goes; no TLS bounds them.
pub const IDENTITY_CONNECTIONS_MAX: usize = 1_000;
/// Connections that wait to be accepted; the system may allow fewer.
const BACKLOG: i32 = 4_096;
/// A handshake over the loopback takes milliseconds.
pub const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);
/// From the end of one request to the whole head of the next: idle connections are closed after this.
pub const HEADER_WAIT: Duration = Duration::from_secs(60);
/// Headers of a request: hyper's own number, and ten times what official clients send.
pub const HEADERS_MAX: usize = 100;
/// The head of a request; hyper's least is 8 KiB.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// How often it is looked whether the certificate is to be renewed.
const RENEWAL_LOOKS: Duration = Duration::from_secs(3_600);
/// How long requests under way may take to end: an RSA 4096 key takes seconds.
pub const STOP_WAIT: Duration = Duration::from_secs(30);
