//! Path matching: from method and path to a row of the operation table, by exact bytes.
//!
//! The bytes of the request line are compared. `%`, `;`, `\`, `.`, an empty segment or a trailing slash match
//! nothing, because servers disagree about them (A3, step 2).

use super::operation::{Check, Method, Operation};
use super::table::operations;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// A path of more bytes matches nothing. The longest pattern with its ids stays below.
const MAX_PATH: usize = 256;

/// The longest id that is not a number. A UUID has 36 characters.
const MAX_UUID: usize = 64;

/// The most placeholders of a pattern.
const MAX_PLACES: usize = 3;

/// Segments before this one are literals: `/v1/bots/{bot_id}`.
const FIRST_PLACE: usize = 2;

/// An operation that a request asks for, with the ids of its path.
#[derive(Clone, Copy, Debug)]
pub struct Matched<'a> {
    /// The row.
    pub operation: &'static Operation,
    places: &'static [Place],
    segments: [&'a str; MAX_PLACES],
}

impl<'a> Matched<'a> {
    /// The segments of the path that are ids, with the name of each and what is checked about it.
    pub fn path_ids(&self) -> impl Iterator<Item = (&'static str, Check, &'a str)> {
        let segments = self.segments;
        self.places
            .iter()
            .zip(segments)
            .map(|(place, segment)| (place.name, place.check, segment))
    }
}

/// A placeholder of a pattern.
#[derive(Debug)]
struct Place {
    name: &'static str,
    check: Check,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let check = match name {
            "bot_id" => Check::Bot,
            "workflow_id" => Check::Workflow,
            "app_id" => Check::App,
            "conversation_id" => Check::Conversation,
            "message_id" => Check::Message,
            _ => Check::Plain,
        };
        Self { name, check }
    }

    /// Whether `segment` may be this id. Ids are decimal but for two kinds that no visitor reaches.
    fn accepts(&self, segment: &str) -> bool {
        let is_decimal = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        match self.name {
            "enterprise_id" => is_decimal(segment.strip_prefix("volcano_").unwrap_or(segment)),
            "node_execute_uuid" => {
                segment.len() <= MAX_UUID && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            }
            _ => is_decimal(segment),
        }
    }
}

#[derive(Debug)]
struct Row {
    key: Vec<u8>,
    operation: &'static Operation,
    places: Vec<Place>,
}

static INDEX: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows: Vec<Row> = operations().iter().map(row).collect();
    rows.sort_unstable_by(|one, other| order(&one.key, &other.key));
    rows
});

/// The order of the index: by length first, so that most comparisons are of two numbers.
fn order(one: &[u8], other: &[u8]) -> Ordering {
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

fn row(operation: &'static Operation) -> Row {
    let mut key = vec![kind(operation.method, operation.is_websocket)];
    let mut places = Vec::new();
    for segment in operation.pattern.split('/').skip(1) {
        key.push(b'/');
        if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            key.extend_from_slice(b"{}");
            places.push(Place::new(name));
        } else {
            key.extend_from_slice(segment.as_bytes());
        }
    }
    Row { key, operation, places }
}

/// The first byte of a key. A WebSocket and a GET of the same path are two operations.
const fn kind(method: Method, is_websocket: bool) -> u8 {
    match method {
        Method::Get if is_websocket => b'W',
        Method::Get => b'G',
        Method::Post => b'P',
        Method::Put => b'U',
        Method::Delete => b'D',
    }
}

/// Finds the operation of a request. `method` and `path` are those of the request line, without the query.
pub fn find<'a>(method: &str, path: &'a str, is_websocket: bool) -> Option<Matched<'a>> {
    let method = Method::parse(method).filter(|method| !is_websocket || *method == Method::Get)?;
    // `@coze/api` joins base and path as they are, so a base that ends in a slash asks for `//v3/chat` (protocol 1.2).
    let path = path.strip_prefix("//").map_or(path, |_| path.get(1..).unwrap_or(path));
    let rest = path.strip_prefix('/').filter(|_| path.len() <= MAX_PATH)?;

    let mut key = Key::new(kind(method, is_websocket));
    let mut segments = [""; MAX_PLACES];
    let mut places = 0;
    for (at, segment) in rest.split('/').enumerate() {
        let has_digit = scan(segment)?;
        if has_digit && at >= FIRST_PLACE {
            *segments.get_mut(places)? = segment;
            places += 1;
            key.push("{}")?;
        } else {
            key.push(segment)?;
        }
    }

    let key = key.as_slice();
    let rows: &'static [Row] = &INDEX;
    let at = rows.binary_search_by(|row| order(&row.key, key)).ok()?;
    let row = rows.get(at)?;
    let fits = row
        .places
        .iter()
        .zip(segments)
        .all(|(place, segment)| place.accepts(segment));
    fits.then_some(Matched {
        operation: row.operation,
        places: &row.places,
        segments,
    })
}

/// Whether a segment holds a digit; `None` when it is empty or holds a byte that no pattern has.
#[inline]
fn scan(segment: &str) -> Option<bool> {
    let mut has_digit = false;
    for byte in segment.bytes() {
        match byte {
            b'0'..=b'9' => has_digit = true,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' => {}
            _ => return None,
        }
    }
    (!segment.is_empty()).then_some(has_digit)
}

/// The text that the index is searched for, on the stack.
struct Key {
    bytes: [u8; MAX_PATH],
    length: usize,
}

impl Key {
    fn new(kind: u8) -> Self {
        let mut bytes = [0; MAX_PATH];
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        Self { bytes, length: 1 }
    }

    fn push(&mut self, segment: &str) -> Option<()> {
        let end = self.length + 1 + segment.len();
        let (slash, rest) = self.bytes.get_mut(self.length..end)?.split_first_mut()?;
        *slash = b'/';
        rest.copy_from_slice(segment.as_bytes());
        self.length = end;
        Some(())
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path that the pattern describes.
    pub(crate) fn example(pattern: &str) -> String {
        let segments = pattern
            .split('/')
            .map(|segment| if segment.starts_with('{') { "75" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_row_is_found_by_its_own_path_and_no_other_row() {
        let mut keys: Vec<_> = INDEX.iter().map(|row| &row.key).collect();
        keys.dedup();
        assert_eq!(keys.len(), operations().len(), "two rows have one method and path");

        for operation in operations() {
            let literals = operation.pattern.split('/').skip(1 + FIRST_PLACE);
            assert!(
                literals
                    .filter(|segment| !segment.starts_with('{'))
                    .all(|segment| scan(segment) == Some(false)),
                "{}: a literal with a digit would be taken for an id",
                operation.pattern
            );
            let path = example(operation.pattern);
            for path in [path.clone(), format!("/{path}")] {
                let found = find(operation.method.as_str(), &path, operation.is_websocket).unwrap();
                assert_eq!(found.operation, operation);
                assert_eq!(found.path_ids().count(), operation.pattern.matches('{').count());
            }
        }
    }

    #[test]
    fn ids_of_a_path_are_named() {
        let found = find("POST", "/v1/conversations/12/messages/34/feedback", false).unwrap();
        let ids: Vec<_> = found.path_ids().collect();

        assert_eq!(
            ids,
            [
                ("conversation_id", Check::Conversation, "12"),
                ("message_id", Check::Message, "34")
            ]
        );
        assert!(find("GET", "/v1/enterprises/volcano_210/organizations", false).is_some());
        assert!(find("GET", "/v1/workflows/1/run_histories/2/execute_nodes/a-b-3", false).is_some());
    }
}
