//! Where canaries are looked for, and in which spellings: composed or not, without accents, in any
//! case, misread, in older encodings, escaped, in a list of bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use hoso::pipeline::text::fold;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use regex::{Captures, Regex};

use super::planted::{CANARIES, Canary};

/// So many letters and digits in a row are no accident.
const MIN_CHARS: usize = 7;

/// Something that hoso has shown or kept.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Finds canaries.
pub(super) struct Finder {
    /// Each spelling in letters and digits alone, with the place of its canary.
    words: BTreeMap<String, usize>,
    any_word: Regex,
    /// Each number without the zeros before it.
    numbers: BTreeMap<String, usize>,
    any_number: Regex,
    grouped: Regex,
    escaped: Regex,
    listed: Regex,
}

impl Finder {
    /// Takes the spellings of each canary.
    pub(super) fn new(spellings: &[Vec<String>]) -> Self {
        let (mut words, mut numbers) = (BTreeMap::new(), BTreeMap::new());
        for (at, (canary, spellings)) in CANARIES.iter().zip(spellings).enumerate() {
            if canary.mark().contains(char::is_alphabetic) {
                let squeezed = spellings.iter().map(|spelling| squeeze(spelling));
                // An encoding may leave too little of a name.
                words.extend(squeezed.filter(|s| s.chars().count() >= MIN_CHARS).map(|s| (s, at)));
                assert!(words.values().any(|found| *found == at), "{}: too short", canary.id);
            } else {
                numbers.insert(significant(canary.mark()), at);
            }
        }
        let escape = regex::escape;
        let any = words.keys().map(|word| escape(word)).collect::<Vec<_>>().join("|");
        let regex = |pattern: &str| Regex::new(pattern).unwrap();
        Self {
            any_word: regex(&any),
            words,
            numbers,
            any_number: regex(r"[0-9]{8,}"),
            grouped: regex(r"([0-9])[ .,-]"),
            escaped: regex(r"(?:%[0-9A-Fa-f]{2}|\\+x[0-9A-Fa-f]{2})+|\\+u\{?[0-9A-Fa-f]{2,6}\}?"),
            listed: regex(r"\[[0-9]{1,3}(?:, ?[0-9]{1,3}){5,}\]"),
        }
    }

    /// Returns the canaries in some bytes, each with what stands around it.
    pub(super) fn find(&self, bytes: &[u8]) -> BTreeMap<&'static str, String> {
        let mut found = BTreeMap::new();
        for text in views(bytes) {
            self.find_in(&text, &mut found);
            let plain = self.escaped.replace_all(&text, unescaped);
            let plain = self.listed.replace_all(&plain, spelt);
            if plain != text {
                self.find_in(&plain, &mut found);
            }
        }
        found
    }

    fn find_in(&self, text: &str, found: &mut BTreeMap<&'static str, String>) {
        let squeezed = squeeze(text);
        for word in self.any_word.find_iter(&squeezed) {
            let id = CANARIES[self.words[word.as_str()]].id;
            found.entry(id).or_insert_with(|| around(&squeezed, word.start(), word.end()));
        }
        for text in [text, &*self.grouped.replace_all(text, "$1")] {
            for number in self.any_number.find_iter(text) {
                if let Some(at) = self.numbers.get(&significant(number.as_str())) {
                    let around = || around(text, number.start(), number.end());
                    found.entry(CANARIES[*at].id).or_insert_with(around);
                }
            }
        }
    }

    /// Tells which canaries are in some outputs: which, in which output, between what.
    pub(super) fn leaks(&self, outputs: &[Output]) -> Vec<String> {
        let mut leaks = Vec::new();
        for Output { name, bytes } in outputs {
            for (id, around) in self.find(bytes) {
                let Canary { kind, format, place, .. } =
                    CANARIES.iter().find(|canary| canary.id == id).unwrap();
                leaks.push(format!("{id} ({kind}, {format}, {place}) in {name}: …{around}…"));
            }
        }
        leaks
    }
}

/// Folds a text and leaves its letters and digits.
fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    for line in text.lines() {
        // Of a log, this is almost all.
        if line.is_ascii() {
            let kept = line.bytes().filter(u8::is_ascii_alphanumeric);
            squeezed.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            squeezed.extend(fold(line).chars().filter(|c| c.is_alphanumeric()));
        }
    }
    squeezed
}

/// A number without what a spreadsheet or a sum would drop.
fn significant(number: &str) -> String {
    number.trim_start_matches(['+', '0']).to_owned()
}

fn around(text: &str, start: usize, end: usize) -> String {
    let before: Vec<char> = text[..start].chars().rev().take(60).collect();
    let after = text[end..].chars().take(60);
    before.into_iter().rev().chain(text[start..end].chars()).chain(after).collect()
}

/// Returns the texts that bytes may be: UTF-8, and UTF-16 where an older workbook or a mark tells.
fn views(bytes: &[u8]) -> Vec<String> {
    let mut views = vec![String::from_utf8_lossy(bytes).into_owned(), bytes_as_text(bytes)];
    views.truncate(if std::str::from_utf8(bytes).is_ok() { 1 } else { 2 });
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") || bytes.starts_with(b"\xff\xfe") {
        for from in [0, 1] {
            let units =
                bytes[from..].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]]));
            views.push(String::from_utf16_lossy(&units.collect::<Vec<u16>>()));
        }
    }
    views
}

/// Reads each byte as a character: what older encodings look like to whoever does not know them.
fn bytes_as_text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Takes an escape off: `%C3%A1`, `\xc3\xa1`, `\u00e1`, `\u{e1}`.
fn unescaped(escape: &Captures<'_>) -> String {
    let text = &escape[0];
    if text.contains('u') {
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
        return c.map_or_else(String::new, String::from);
    }
    let pairs = text.split(['%', '\\', 'x']).filter(|pair| !pair.is_empty());
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    String::from_utf8(bytes).unwrap_or_else(|error| bytes_as_text(error.as_bytes()))
}

/// Reads a list of bytes.
fn spelt(list: &Captures<'_>) -> String {
    let numbers = list[0].trim_matches(['[', ']']).split(',');
    let bytes: Vec<u8> = numbers.map(|n| n.trim().parse().unwrap_or_default()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Lists the files below a folder.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    files.sort();
    files
}

/// Returns what is kept below a folder: each file as it is, its name, and of tables the values.
pub(super) fn kept(folder: &Path) -> Vec<Output> {
    let mut kept = Vec::new();
    for path in files(folder) {
        let name = path.display().to_string();
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            kept.push(Output { name: format!("the values of {name}"), bytes: values(&path) });
        }
        kept.push(Output { name: format!("the name of {name}"), bytes: name.clone().into_bytes() });
        kept.push(Output { name, bytes });
    }
    kept
}

/// Returns every value of a Parquet file, as lines of JSON.
pub(super) fn values(path: &Path) -> Vec<u8> {
    let file = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    let mut json = arrow::json::LineDelimitedWriter::new(Vec::new());
    for batch in file.build().unwrap() {
        json.write(&batch.unwrap()).unwrap();
    }
    json.finish().unwrap();
    json.into_inner()
}

/// Takes every packing off: the parts of what is packed, as far as they can be read.
pub(super) fn unpacked(name: &str, bytes: Vec<u8>) -> Vec<Output> {
    let mut plain = Vec::new();
    match bytes.as_slice() {
        [0x1f, 0x8b, ..] => {
            // What was cut off ends in an error.
            drop(flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut plain));
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => plain = zstd::decode_all(&*bytes).unwrap(),
        [b'P', b'K', 3, 4, ..] => {
            if let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(&bytes)) {
                let mut parts = Vec::new();
                for at in 0..archive.len() {
                    let mut part = archive.by_index(at).unwrap();
                    let mut plain = Vec::new();
                    part.read_to_end(&mut plain).unwrap();
                    let named = part.name_raw().to_vec();
                    parts.push(Output { name: name.to_owned(), bytes: named });
                    parts.extend(unpacked(name, plain));
                }
                return parts;
            }
        }
        _ => {}
    }
    match plain.is_empty() {
        true => vec![Output { name: name.to_owned(), bytes }],
        false => unpacked(name, plain),
    }
}
