//! Requests: who asks, how often, and what an answer must be to be one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, LINK, RETRY_AFTER};
use reqwest::{Request, Response, StatusCode, redirect};
use url::Url;

use crate::pipeline::source::http;

use super::super::fault::retry;
use super::super::secrets::Secrets;
use super::super::{Context, Fault, connect_timeout};

/// After so many, a redirect leads nowhere.
const MAX_REDIRECTS: usize = 5;

/// What is asked with.
pub(super) struct Client {
    http: reqwest::Client,
    headers: HeaderMap,
    auth: Auth,
    /// The OAuth 2.0 token at hand.
    token: Mutex<Option<String>>,
    secrets: Secrets,
    timeout: Duration,
    budget: Duration,
}

/// [`http::Auth`] with its secrets revealed.
enum Auth {
    None,
    Bearer(String),
    Basic { user: String, password: String },
    Header,
    Parameter { name: String, key: String },
    OAuth2 { token_url: Url, client_id: String, client_secret: String, scope: Option<String> },
}

/// What is told of an answer beside its body.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// When the server answered, by its own clock.
    pub(super) date: Option<DateTime<Utc>>,
    pub(super) links: Vec<String>,
}

impl Client {
    pub(super) fn new(
        kind: &http::Http,
        context: Context<'_>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let mut headers = HeaderMap::new();
        for (name, value) in &kind.headers {
            headers.insert(header_name(name)?, header_value(name, value)?);
        }
        let auth = match &kind.auth {
            http::Auth::None => Auth::None,
            http::Auth::Bearer(token) => Auth::Bearer(secrets.reveal(token)?),
            http::Auth::Basic { user, password } => {
                Auth::Basic { user: user.clone(), password: secrets.reveal(password)? }
            }
            http::Auth::Header { name, key } => {
                headers.insert(header_name(name)?, header_value(name, &secrets.reveal(key)?)?);
                Auth::Header
            }
            http::Auth::Parameter { name, key } => {
                Auth::Parameter { name: name.clone(), key: secrets.reveal(key)? }
            }
            http::Auth::OAuth2 { token_url, client_id, client_secret, scope } => {
                let token_url = Url::parse(token_url)
                    .map_err(|error| Fault::lasting("`token_url` is not a URL").because(&error))?;
                let client_secret = secrets.reveal(client_secret)?;
                let (client_id, scope) = (client_id.clone(), scope.clone());
                Auth::OAuth2 { token_url, client_id, client_secret, scope }
            }
        };
        let http = reqwest::Client::builder()
            .referer(false)
            .user_agent(concat!("hoso/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect_policy(!matches!(auth, Auth::None)))
            .connect_timeout(connect_timeout(context.settings))
            .read_timeout(kind.timeout)
            .build()
            .map_err(|error| Fault::lasting("no HTTP client").because(&error))?;
        Ok(Self {
            http,
            headers,
            auth,
            token: Mutex::default(),
            secrets: secrets.clone(),
            timeout: kind.timeout,
            budget: context.settings.retry_budget,
        })
    }

    /// Asks for an address and hands the answer to `read`, again where that may help.
    ///
    /// `what` is asked for, in words: it begins the fault.
    pub(super) async fn get<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        url: &Url,
        what: &str,
        read: impl Fn(Response, Told) -> F,
    ) -> Result<T, Fault> {
        let attempt = || async {
            let (answer, told) = self.ask(url).await?;
            read(answer, told).await
        };
        let got = retry(self.budget, attempt).await;
        got.map_err(|fault| fault.while_doing(format!("failed to read {what} of `{}`", plain(url))))
    }

    /// Takes the key out of an address that the server gave: it will be kept.
    pub(super) fn without_key(&self, mut url: Url) -> Url {
        let Auth::Parameter { name, .. } = &self.auth else { return url };
        let others: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(other, _)| other != name)
            .map(|(other, value)| (other.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(others);
        url
    }

    async fn ask(&self, url: &Url) -> Result<(Response, Told), Fault> {
        let mut answer = self.send(url).await?;
        if answer.status() == StatusCode::UNAUTHORIZED && self.forget_token() {
            answer = self.send(url).await?;
        }
        let told = Told { date: date(&answer), links: links(&answer) };
        check(answer).map(|answer| (answer, told))
    }

    async fn send(&self, url: &Url) -> Result<Response, Fault> {
        let mut url = url.clone();
        if let Auth::Parameter { name, key } = &self.auth {
            url.query_pairs_mut().append_pair(name, key);
        }
        let request = self.http.get(url).headers(self.headers.clone());
        let request = match &self.auth {
            Auth::Bearer(token) => request.bearer_auth(token),
            Auth::Basic { user, password } => request.basic_auth(user, Some(password)),
            Auth::OAuth2 { .. } => request.bearer_auth(self.token().await?),
            Auth::None | Auth::Header | Auth::Parameter { .. } => request,
        };
        self.execute(request.build().map_err(|error| unsendable(&error))?).await
    }

    async fn execute(&self, request: Request) -> Result<Response, Fault> {
        self.http.execute(request).await.map_err(|error| {
            let error = error.without_url();
            if error.is_redirect() {
                return Fault::lasting("the server redirects without end, or to another server")
                    .advise("look whether the address is right and the login is taken");
            }
            let why = if error.is_timeout() { "the server did not answer" } else { "no answer" };
            Fault::passing(why).because(&error).advise("look whether the server is up")
        })
    }

    /// Returns the token at hand, or asks for one.
    async fn token(&self) -> Result<String, Fault> {
        if let Some(token) = self.lock().clone() {
            return Ok(token);
        }
        let Auth::OAuth2 { token_url, client_id, client_secret, scope } = &self.auth else {
            unreachable!("only OAuth 2.0 has tokens")
        };
        let scope = scope.iter().map(|scope| ("scope", scope.as_str()));
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .extend_pairs(scope)
            .finish();
        let request = self
            .http
            .post(token_url.clone())
            .basic_auth(client_id, Some(client_secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .timeout(self.timeout)
            .build()
            .map_err(|error| unsendable(&error))?;
        let of_token = |fault: Fault| fault.while_doing(format!("no token from `{token_url}`"));
        let answer = self.execute(request).await.and_then(check).map_err(of_token)?;
        let body = answer.text().await.map_err(|error| of_token(broken_off(error)))?;
        let answer: Option<serde_json::Value> = serde_json::from_str(&body).ok();
        let token = answer.as_ref().and_then(|answer| answer.get("access_token")?.as_str());
        let Some(token) = token else {
            return Err(of_token(Fault::lasting("the answer holds no `access_token`")));
        };
        self.secrets.keep(token);
        *self.lock() = Some(token.to_owned());
        Ok(token.to_owned())
    }

    /// Forgets a token that the server takes no more; `false` where there was none.
    fn forget_token(&self) -> bool {
        self.lock().take().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows redirects, but takes a login to no other server.
fn redirect_policy(has_login: bool) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let is_elsewhere = attempt
            .previous()
            .first()
            .is_some_and(|first| first.origin() != attempt.url().origin());
        if attempt.previous().len() > MAX_REDIRECTS || (has_login && is_elsewhere) {
            return attempt.error("too many redirects, or to another server");
        }
        attempt.follow()
    })
}

/// Returns an address without its parameters: they may tell more than a message should.
pub(super) fn plain(url: &Url) -> &str {
    &url[..url::Position::AfterPath]
}

pub(super) fn broken_off(error: reqwest::Error) -> Fault {
    Fault::passing("the answer broke off").because(&error.without_url())
}

/// Tells an answer from a refusal.
fn check(answer: Response) -> Result<Response, Fault> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let said = format!("the server answered {status}");
    Err(match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::lasting(said)
            .advise("the credentials are wrong, have expired or do not suffice: renew them"),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let wait = retry_after(&answer);
            let asked = wait
                .map_or_else(String::new, |wait| format!(" and asks to wait {} s", wait.as_secs()));
            Fault::passing(said + &asked).wait(wait).advise("run again later")
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Fault::passing(said),
        status if status.is_server_error() => {
            Fault::passing(said).advise("ask the server's keeper")
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Fault::refused(said).advise("look whether the address is right")
        }
        _ => Fault::refused(said).advise("look whether address and parameters are right"),
    })
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
            u64::try_from((until - date(answer)?).num_seconds()).unwrap_or(0)
        }
    };
    Some(Duration::from_secs(seconds))
}

fn date(answer: &Response) -> Option<DateTime<Utc>> {
    let text = answer.headers().get(DATE)?.to_str().ok()?;
    Some(DateTime::parse_from_rfc2822(text).ok()?.to_utc())
}

fn links(answer: &Response) -> Vec<String> {
    let texts = answer.headers().get_all(LINK).iter();
    texts.map(|text| String::from_utf8_lossy(text.as_bytes()).into_owned()).collect()
}

fn header_name(name: &str) -> Result<HeaderName, Fault> {
    name.parse().map_err(|_invalid| Fault::lasting(format!("`{name}` is not the name of a header")))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_invalid| Fault::lasting(format!("the header `{name}` cannot hold its value")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unsendable(error: &reqwest::Error) -> Fault {
    Fault::lasting("the request cannot be made").because(error)
}
