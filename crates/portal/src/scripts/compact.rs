//! Makes a script shorter without changing what it does: no comments, no blanks that nothing needs, short names where they
//! are nobody else's (private ones, and constants in capitals).
//!
//! `embed.js` comes before people's own content on every page of a site, so its bytes count. It reads JavaScript as tokens,
//! which is enough for our own modules: every statement ends with `;` or `}`, so that line ends mean nothing, and `/` after a
//! value divides. A constant in capitals is called like nothing else, not even like a property of somebody else's.

use std::collections::HashMap;

/// Returns the shorter script.
pub(super) fn compact(source: &str) -> String {
    let mut out = Output {
        names: constants(source),
        ..Output::default()
    };
    // How many braces are open within each `${` that is open.
    let mut templates: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(length) = blank(rest) {
            out.is_apart = true;
            at += length;
            continue;
        }
        let is_back_in_template = rest.starts_with('}') && templates.last() == Some(&0);
        if rest.starts_with('`') || is_back_in_template {
            if is_back_in_template {
                templates.pop();
            }
            let length = template(rest);
            let text = rest.get(..length).unwrap_or(rest);
            out.push_as_it_is(text);
            if text.ends_with("${") {
                templates.push(0);
            }
            at += length;
            continue;
        }
        let length = token(rest, out.ends_a_value());
        if let Some(open) = templates.last_mut() {
            match rest.as_bytes().first() {
                Some(b'{') => *open += 1,
                Some(b'}') => *open -= 1,
                _ => {}
            }
        }
        out.push(rest.get(..length).unwrap_or(rest));
        at += length;
    }
    out.text
}

/// What has been written so far.
#[derive(Default)]
struct Output {
    text: String,
    /// Something blank stood behind the last token.
    is_apart: bool,
    /// What names are written as.
    names: HashMap<String, String>,
    private_names: usize,
}

impl Output {
    fn push(&mut self, token: &str) {
        if matches!(token, "}" | "]" | ")") && self.text.ends_with(',') || token == "}" && self.text.ends_with(';') {
            self.text.pop();
        }
        if token.len() > 1 && token.starts_with('#') && !self.names.contains_key(token) {
            let short = format!("#{}", letters(self.private_names));
            self.private_names += 1;
            self.names.insert(token.to_owned(), short);
        }
        let name = self.names.get(token).cloned();
        self.push_as_it_is(name.as_deref().unwrap_or(token));
    }

    fn push_as_it_is(&mut self, text: &str) {
        if self.is_apart && self.would_join(text) {
            self.text.push(' ');
        }
        self.is_apart = false;
        self.text.push_str(text);
    }

    /// Whether the end of the text and `token` would be read as one.
    fn would_join(&self, token: &str) -> bool {
        let (Some(last), Some(first)) = (self.text.chars().next_back(), token.chars().next()) else {
            return false;
        };
        is_word(last) && (is_word(first) || first == '#') || last == first && matches!(first, '+' | '-')
    }

    /// Whether a `/` that comes now divides; otherwise it begins a pattern.
    fn ends_a_value(&self) -> bool {
        const BEFORE_VALUES: [&str; 11] = [
            "return", "typeof", "case", "in", "of", "delete", "void", "throw", "else", "await", "yield",
        ];
        let Some(last) = self.text.chars().next_back() else {
            return false;
        };
        let word = self.text.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        matches!(last, ')' | ']' | '"' | '\'' | '`') || is_word(last) && !BEFORE_VALUES.contains(&word)
    }
}

/// The constants in capitals that a script declares, and what to call them.
fn constants(source: &str) -> HashMap<String, String> {
    let names = source.split("const ").skip(1).filter_map(|rest| rest.get(..word(rest)));
    let mut found = HashMap::new();
    for name in names {
        let is_in_capitals = name.len() > 2
            && name
                .chars()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if is_in_capitals && !found.contains_key(name) {
            found.insert(name.to_owned(), format!("${}", letters(found.len())));
        }
    }
    found
}

/// The length of a blank or a comment at the beginning.
fn blank(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let first = rest.chars().next()?;
    first.is_whitespace().then(|| first.len_utf8())
}

/// The length of the token at the beginning.
fn token(rest: &str, is_after_value: bool) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    match first {
        '"' | '\'' => quoted(rest, first),
        '/' if !is_after_value => pattern(rest),
        '#' => 1 + word(rest.get(1..).unwrap_or_default()),
        _ if is_word(first) => word(rest),
        _ => first.len_utf8(),
    }
}

fn word(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A regular expression with its flags; a `/` within `[]` does not end it.
fn pattern(rest: &str) -> usize {
    let (mut is_escaped, mut is_in_class) = (false, false);
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            '/' if !is_in_class => return at + 1 + word(rest.get(at + 1..).unwrap_or_default()),
            _ => {}
        }
    }
    rest.len()
}

/// The text of a template from its beginning, or from behind a `${}`, up to its end or the next `${`.
fn template(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '`' => return at + 1,
            '$' if rest.get(at..).is_some_and(|here| here.starts_with("${")) => return at + 2,
            _ => {}
        }
    }
    rest.len()
}

/// `a`, `b` ... `z`, `aa` ...
fn letters(number: usize) -> String {
    let letter = |index: usize| char::from(b'a' + u8::try_from(index % 26).unwrap_or_default());
    let mut name = String::new();
    if number >= 26 {
        name.push(letter(number / 26 - 1));
    }
    name.push(letter(number));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_needs_goes_and_everything_else_stays() {
        for (source, short) in [
            ("// A comment.\nconst a = /** @type {any} */ (b);\n", "const a=(b);"),
            (
                "const text = \"a  // b\" + 'c /* d';",
                "const text=\"a  // b\"+'c /* d';",
            ),
            ("if (a) {\n  b();\n}\nreturn c;\n", "if(a){b()}return c;"),
            ("f({\n  a,\n  b: [1, 2,],\n});", "f({a,b:[1,2]});"),
            ("a + +b - -c", "a+ +b- -c"),
            ("for (let a = 0; ; a += 1) {}", "for(let a=0;;a+=1){}"),
            ("x.replace(/[/ ] \\/ /g, y) / 2 / z", "x.replace(/[/ ] \\/ /g,y)/2/z"),
            ("return /a b/.test(c)", "return/a b/.test(c)"),
            ("`a  ${b + `c  }` + {d: 1}.d}  e` + f", "`a  ${b+`c  }`+{d:1}.d}  e`+f"),
            ("return `\\`  ${ a }$ {b}`;", "return`\\`  ${a}$ {b}`;"),
            ("const 好 = \"好 好\";", "const 好=\"好 好\";"),
        ] {
            assert_eq!(compact(source), short, "{source}");
        }
    }

    #[test]
    fn constants_in_capitals_are_short_wherever_they_stand() {
        let source =
            "function f() { return PAUSE_MS * URL.x; }\nconst PAUSE_MS = 4_000;\nexport { PAUSE_MS, \"PAUSE_MS\" };";

        assert_eq!(
            compact(source),
            "function f(){return $a*URL.x}const $a=4_000;export{$a,\"PAUSE_MS\"};"
        );
    }

    #[test]
    fn private_names_are_short_and_the_same_everywhere() {
        let source =
            "class A { #first = 1; #other; get() { return `${this.#first}#first` + \"#first\" + (#other in this); } }";

        assert_eq!(
            compact(source),
            "class A{#a=1;#b;get(){return`${this.#a}#first`+\"#first\"+(#b in this)}}"
        );
        assert_eq!(
            (letters(0), letters(25), letters(26), letters(52)),
            ("a".into(), "z".into(), "aa".into(), "ba".into())
        );
    }
}
