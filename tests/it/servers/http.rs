//! HTTP servers: one that answers as a test says, and one that breaks the protocol.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Runtime;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A server that answers by a function.
pub(crate) struct Http {
    runtime: Runtime,
    server: MockServer,
}

impl Http {
    /// Starts a server that answers every request by a function.
    pub(crate) fn start(
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(MockServer::start());
        let http = Self { runtime, server };
        http.answer(answer);
        http
    }

    /// Answers by another function from now on.
    pub(crate) fn answer(
        &self,
        answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
    ) {
        self.runtime.block_on(async {
            self.server.reset().await;
            Mock::given(any()).respond_with(answer).mount(&self.server).await;
        });
    }

    /// Returns the address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.uri())
    }

    /// Returns the requests since the function was set.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.runtime.block_on(self.server.received_requests()).unwrap()
    }
}

/// Returns a parameter of a request.
pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut pairs = request.url.query_pairs();
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A server that sends bytes as they are and hangs up.
pub(crate) struct Broken {
    port: u16,
    n_requests: Arc<AtomicUsize>,
}

impl Broken {
    /// Starts a server whose n-th answer, from 0, is made by a function.
    pub(crate) fn start(answer: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let n_requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&n_requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = [0; 8192];
                if connection.read(&mut request).is_ok_and(|n_read| n_read > 0) {
                    let bytes = answer(count.fetch_add(1, Ordering::SeqCst));
                    // The other side may have hung up first.
                    drop(connection.write_all(&bytes));
                }
            }
        });
        Self { port, n_requests }
    }

    /// Returns the address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns how many requests came.
    pub(crate) fn n_requests(&self) -> usize {
        self.n_requests.load(Ordering::SeqCst)
    }
}
