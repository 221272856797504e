//! HTTP addresses: one file, or a list that comes in pages.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;

use super::super::fault::Faults;
use super::super::feed::Slot;
use super::super::secret::Secret;
use super::super::section::Section;
use super::{is_plain_url, refuse_names};

/// What is read behind an address.
#[derive(Debug, Clone)]
pub struct Http {
    /// The address of the file, or of the list's first page.
    pub location: String,
    /// Parameters of every request.
    pub parameters: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub auth: Auth,
    pub pages: Pages,
    /// How long the server may be silent.
    pub timeout: Duration,
}

/// How the program shows who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    None,
    Bearer(Secret),
    Basic {
        user: String,
        password: Secret,
    },
    /// A key in a header, or in a parameter of every request.
    Header {
        name: String,
        key: Secret,
    },
    Parameter {
        name: String,
        key: Secret,
    },
    /// OAuth 2.0 client credentials, RFC 6749 section 4.4.
    OAuth2 {
        token_url: String,
        client_id: String,
        client_secret: Secret,
        scope: Option<String>,
    },
}

/// How a list comes.
#[derive(Debug, Clone)]
pub enum Pages {
    /// Not in pages: the address is a file's, in any format.
    None,
    /// In pages of JSON, whose records lie where the profile's `records` says.
    Of(List),
}

/// A list in pages.
#[derive(Debug, Clone)]
pub struct List {
    pub style: Style,
    /// The parameter that says how many records a page has, and how many are asked for.
    pub size: Option<(String, u64)>,
    /// Where a page declares how many records the list has.
    pub total: Option<String>,
    /// Asks only for what changed lately.
    pub since: Option<Since>,
}

/// How the next page is asked for.
#[derive(Debug, Clone)]
pub enum Style {
    /// By number. Where the list may move, each page is looked at again before the next.
    Number { parameter: String, first: u64, is_still: bool },
    /// By how many records lie before it; `overlap` records are asked for again, so that a list
    /// that moves is seen to.
    Offset { parameter: String, overlap: u64 },
    /// By a token that the page before tells at `next`.
    Cursor { parameter: String, next: String },
    /// By an address that the page before tells at `next`, else in its header `Link`.
    Link { next: Option<String> },
}

/// A parameter that asks for the records changed since a point in time.
#[derive(Debug, Clone)]
pub struct Since {
    pub parameter: String,
    /// The field of a record that tells when it changed, in one of the profile's `dates`.
    pub field: String,
    /// How the parameter writes a point in time, as strftime does, in local time.
    pub form: String,
    /// From when on the first run asks; by default from the pipeline's `since` on.
    pub start: Option<NaiveDate>,
    /// So much is asked for again: what is entered late is seen, too.
    pub overlap: Duration,
}

const TIMEOUT_SECONDS: u64 = 60;
const OVERLAP_RECORDS: u64 = 5;
const OVERLAP_HOURS: u64 = 24;

impl Http {
    pub(super) fn read(
        location: String,
        slot: Slot,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        refuse_names(slot, section, faults);
        let http = section.section("http", faults);
        let Some(http) = http else {
            let (parameters, headers) = (BTreeMap::new(), BTreeMap::new());
            let timeout = Duration::from_secs(TIMEOUT_SECONDS);
            let (auth, pages) = (Auth::None, Pages::None);
            return Some(Self { location, parameters, headers, auth, pages, timeout });
        };
        let parameters = texts("parameters", &http, faults);
        let headers = texts("headers", &http, faults);
        let auth = read_auth(&http, faults);
        let pages = read_pages(slot, &http, faults);
        let seconds = http.count("timeout_seconds", faults).unwrap_or(TIMEOUT_SECONDS);
        http.finish(faults);
        let timeout = Duration::from_secs(seconds);
        Some(Self { location, parameters, headers, auth: auth?, pages: pages?, timeout })
    }
}

fn texts(
    key: &'static str,
    section: &Section<'_>,
    faults: &mut Faults,
) -> BTreeMap<String, String> {
    let Some(named) = section.section(key, faults) else { return BTreeMap::new() };
    let mut texts = BTreeMap::new();
    for (name, values) in named.named_texts(faults) {
        match &*values {
            [value] => {
                texts.insert(name.value, value.value.clone());
            }
            _ => {
                let message = format!("`{}` must be one text", name.value);
                faults.add(section.file, name.span, message);
            }
        }
    }
    texts
}

fn read_auth(http: &Section<'_>, faults: &mut Faults) -> Option<Auth> {
    const WAYS: [&str; 4] = ["bearer", "basic", "api_key", "oauth2"];
    let given: Vec<&str> = WAYS.into_iter().filter(|way| http.has(way)).collect();
    if given.len() > 1 {
        let message = format!("more than one way to log in: {}", given.join(", "));
        faults.add(http.file, http.span.clone(), message);
        return None;
    }
    let text = |section: &Section<'_>, key, faults: &mut Faults| {
        section.required_text(key, faults).map(|text| text.value)
    };
    if http.has("bearer") {
        return Secret::read("bearer", http, faults).map(Auth::Bearer);
    }
    if let Some(basic) = http.section("basic", faults) {
        let user = text(&basic, "user", faults);
        let password = Secret::required("password", &basic, faults);
        basic.finish(faults);
        return Some(Auth::Basic { user: user?, password: password? });
    }
    if let Some(api_key) = http.section("api_key", faults) {
        let header = api_key.text("header", faults).map(|text| text.value);
        let parameter = api_key.text("parameter", faults).map(|text| text.value);
        let key = Secret::required("key", &api_key, faults);
        api_key.finish(faults);
        return match (header, parameter) {
            (Some(name), None) => Some(Auth::Header { name, key: key? }),
            (None, Some(name)) => Some(Auth::Parameter { name, key: key? }),
            _ => {
                let message = "`api_key` goes into a `header` or into a `parameter`";
                faults.add(http.file, api_key.span.clone(), message);
                None
            }
        };
    }
    if let Some(oauth2) = http.section("oauth2", faults) {
        let token_url = oauth2.required_text("token_url", faults);
        let token_url = token_url.filter(|url| is_plain_url("token_url", url, &oauth2, faults));
        let token_url = token_url.map(|url| url.value);
        let client_id = text(&oauth2, "client_id", faults);
        let client_secret = Secret::required("client_secret", &oauth2, faults);
        let scope = oauth2.text("scope", faults).map(|text| text.value);
        oauth2.finish(faults);
        let (token_url, client_id) = (token_url?, client_id?);
        return Some(Auth::OAuth2 { token_url, client_id, client_secret: client_secret?, scope });
    }
    Some(Auth::None)
}

/// How a list is asked for, by its name in `pages`.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    None,
    Number,
    Offset,
    Cursor,
    Link,
}

fn read_pages(slot: Slot, http: &Section<'_>, faults: &mut Faults) -> Option<Pages> {
    let ways = [
        ("none", Way::None),
        ("number", Way::Number),
        ("offset", Way::Offset),
        ("cursor", Way::Cursor),
        ("link", Way::Link),
    ];
    let way = match http.has("pages") {
        true => http.choice("pages", &ways, faults)?,
        false => Way::None,
    };
    let text = |key, faults: &mut Faults| http.text(key, faults).map(|text| text.value);
    let needed = |key, faults: &mut Faults| http.required_text(key, faults).map(|text| text.value);
    let style = match way {
        Way::None => return Some(Pages::None),
        Way::Number => Style::Number {
            parameter: needed("parameter", faults)?,
            first: http.count("first", faults).unwrap_or(1),
            is_still: http.flag("still", faults).unwrap_or(false),
        },
        Way::Offset => Style::Offset {
            parameter: needed("parameter", faults)?,
            overlap: http.count("overlap", faults).unwrap_or(OVERLAP_RECORDS).max(1),
        },
        Way::Cursor => {
            Style::Cursor { parameter: needed("parameter", faults)?, next: needed("next", faults)? }
        }
        Way::Link => Style::Link { next: text("next", faults) },
    };
    let size_parameter = text("size_parameter", faults);
    let n_records = http.count("size", faults);
    if size_parameter.is_some() != n_records.is_some() {
        let message = "`size_parameter` and `size` go together";
        faults.add(http.file, http.span.clone(), message);
    }
    let total = text("total", faults);
    let since = http.section("since", faults).and_then(|since| read_since(&since, faults));
    if since.is_some() && slot != Slot::None {
        let message = "what is read in parts replaces nothing";
        faults.add(http.file, http.span.clone(), message).hint("slot = \"none\"");
    }
    Some(Pages::Of(List { style, size: size_parameter.zip(n_records), total, since }))
}

fn read_since(section: &Section<'_>, faults: &mut Faults) -> Option<Since> {
    let parameter = section.required_text("parameter", faults);
    let field = section.required_text("field", faults);
    let form = section.text("form", faults);
    let start = section.day("start", faults).map(|day| day.value);
    let hours = section.count("overlap_hours", faults).unwrap_or(OVERLAP_HOURS);
    section.finish(faults);
    let form = form.map_or_else(|| "%Y-%m-%dT%H:%M:%S%:z".to_owned(), |form| form.value);
    if chrono::format::StrftimeItems::new(&form).parse().is_err() {
        let message = format!("`{form}` is not a date form");
        faults.add(section.file, section.span.clone(), message);
        return None;
    }
    let overlap = Duration::from_secs(hours * 3600);
    Some(Since { parameter: parameter?.value, field: field?.value, form, start, overlap })
}
