//! The sentences that people read, in Chinese and in English.
//!
//! Owns the catalogue (`locales/<language>/*.ftl`, Fluent syntax, embedded) and the choice of a language. Everything
//! below this module speaks in *kinds* (an error variant, a text id); the rim asks here for the words. A text that
//! exists in one language only does not pass the parity test at the end of this file.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::sync::LazyLock;
use unic_langid::langid;

/// The embedded files of one language, `(file name, content)`.
type Catalogue = &'static [(&'static str, &'static str)];

/// Embeds the same list of files for every language, so that a file cannot be added to one of them only.
macro_rules! catalogues {
    ($($file:literal),+ $(,)?) => {
        const CHINESE: Catalogue = &[$(($file, include_str!(concat!("../locales/zh-CN/", $file)))),+];
        const ENGLISH: Catalogue = &[$(($file, include_str!(concat!("../locales/en/", $file)))),+];
    };
}

catalogues![
    "cli.ftl",
    "config.ftl",
    "embed.ftl",
    "init.ftl",
    "pages.ftl",
    "problems.ftl",
    "userscript.ftl",
];

/// A language that we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese, `zh-CN`.
    Chinese,
    /// English, `en`.
    English,
}

impl Language {
    /// Both, in the order in which switches show them.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The BCP 47 tag, as used in `lang` attributes and for `--lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// Reads a single tag (`zh`, `zh-CN`, `zh_CN.UTF-8`, `en-US` ...); `None` for a language that we do not speak.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', '.', '@']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::Chinese)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// Chooses by an `Accept-Language` header (RFC 9110 12.5.4): the spoken language with the highest weight, the first
    /// of equals; English where the header names none of ours.
    pub fn from_accept_language(header: &str) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else {
                continue;
            };
            let weight = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(top, _)| weight > top) {
                best = Some((weight, language));
            }
        }
        best.map_or(Self::English, |(_, language)| language)
    }
}

/// Returns the text `id` in `language`, with `args` filled in.
///
/// A missing id gives the id itself: a wrong text must never cost a request. The tests see to it that none is missing.
pub fn text(language: Language, id: &str, args: &[(&str, &str)]) -> String {
    let bundle = match language {
        Language::Chinese => &*CHINESE_BUNDLE,
        Language::English => &*ENGLISH_BUNDLE,
    };
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        return id.to_owned();
    };
    let mut values = FluentArgs::new();
    for (name, value) in args {
        values.set(*name, *value);
    }
    let mut errors = Vec::new();
    bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned()
}

/// Returns whether the catalogue holds `id` (it then holds it in every language).
pub fn has_text(id: &str) -> bool {
    ENGLISH_BUNDLE.has_message(id)
}

static CHINESE_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(langid!("zh-CN"), CHINESE));
static ENGLISH_BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(langid!("en"), ENGLISH));

fn bundle(language: unic_langid::LanguageIdentifier, files: Catalogue) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Isolation marks (U+2068/2069) are for mixed writing directions; in a terminal and in a URL they are dirt.
    bundle.set_use_isolating(false);
    for (_, content) in files {
        let resource = match FluentResource::try_new((*content).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        // A text that is there twice keeps its first wording; the test below fails for it.
        drop(bundle.add_resource(resource));
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluent_bundle::FluentMessage;
    use std::collections::BTreeMap;

    /// Every message id with the variables that it uses, found line by line (our files keep to plain messages).
    fn messages(files: Catalogue) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (file, content) in files {
            FluentResource::try_new((*content).to_owned())
                .unwrap_or_else(|(_, errors)| panic!("{file} does not parse: {errors:?}"));
            let mut current = None;
            for line in content.lines() {
                if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    let id = line.split('=').next().unwrap().trim().to_owned();
                    assert!(
                        found.insert(id.clone(), Vec::new()).is_none(),
                        "{file} holds {id} twice"
                    );
                    current = Some(id);
                }
                let Some(id) = &current else { continue };
                for (at, _) in line.match_indices("{ $") {
                    let name: String = line[at + 3..]
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect();
                    found.get_mut(id).unwrap().push(name);
                }
            }
        }
        for variables in found.values_mut() {
            variables.sort();
            variables.dedup();
        }
        found
    }

    #[test]
    fn both_languages_hold_the_same_texts_with_the_same_variables() {
        let chinese = messages(CHINESE);
        let english = messages(ENGLISH);

        assert_eq!(chinese, english);
        for id in english.keys() {
            assert!(has_text(id), "{id} stands in the file but not in the bundle");
            assert!(
                CHINESE_BUNDLE
                    .get_message(id)
                    .as_ref()
                    .and_then(FluentMessage::value)
                    .is_some(),
                "{id}"
            );
        }
    }

    #[test]
    fn the_language_with_the_highest_weight_wins() {
        assert_eq!(
            Language::from_accept_language("zh-CN,zh;q=0.9,en;q=0.8"),
            Language::Chinese
        );
        assert_eq!(
            Language::from_accept_language("fr, en-US;q=0.4, zh;q=0.7"),
            Language::Chinese
        );
        assert_eq!(Language::from_accept_language("de"), Language::English);
        assert_eq!(Language::from_accept_language("zh;q=0, en;q=0.1"), Language::English);
        assert_eq!(Language::from_accept_language(""), Language::English);
    }

    #[test]
    fn a_locale_of_the_environment_is_understood() {
        assert_eq!(Language::from_tag("zh_CN.UTF-8"), Some(Language::Chinese));
        assert_eq!(Language::from_tag("en_GB"), Some(Language::English));
        assert_eq!(Language::from_tag("C"), None);
    }
}
