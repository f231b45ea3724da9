//! Paths that the items of one module name, wherever they are written.
//!
//! Expressions, types, patterns, attributes (also the strings in them, as in `#[serde(with = "..")]`) and the tokens of
//! macro calls are all read. `pub(in path)` is not a use of anything. Modules inside the module are read for themselves.

use super::syntax::{attributes, is_test_only, plain};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};

/// A path as it is written, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// One leaf of a `use` tree.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    pub(super) binding: Binding,
}

/// What a leaf of a `use` tree brings into scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    /// One name.
    Name(String),
    /// Every name of the path's module.
    Glob,
}

/// What the items of a module name.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) imports: Vec<Import>,
    pub(super) references: Vec<Reference>,
}

/// Reads the items of one module.
pub(super) fn of(items: &[Item]) -> Found {
    let mut reader = Reader::default();
    for item in items {
        reader.visit_item(item);
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Found,
}

impl Reader {
    fn add(&mut self, path: Vec<String>, line: usize) {
        self.found.references.push(Reference { path, line });
    }

    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut line = 0;
        // `.name` is a field or a method, and no path.
        let mut is_after_dot = false;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 && !path.is_empty() {
                        self.add(std::mem::take(&mut path), line);
                    }
                    if path.is_empty() {
                        line = ident.span().start().line;
                    }
                    if !is_after_dot {
                        path.push(plain(&ident));
                    }
                    (is_after_dot, colons) = (false, 0);
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    is_after_dot = false;
                    continue;
                }
                TokenTree::Punct(punct) => is_after_dot = punct.as_char() == '.',
                TokenTree::Group(group) => {
                    self.read_tokens(group.stream());
                    is_after_dot = false;
                }
                TokenTree::Literal(_) => is_after_dot = false,
            }
            colons = 0;
            if !path.is_empty() {
                self.add(std::mem::take(&mut path), line);
            }
        }
        if !path.is_empty() {
            self.add(path, line);
        }
    }

    /// Reads the strings of an attribute as paths: `#[serde(with = "a::b")]`.
    fn read_strings(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.read_strings(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    let text = literal.to_string();
                    if let Ok(path) = syn::parse_str::<syn::Path>(text.trim_matches('"')) {
                        self.add(segments(&path), line);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| plain(&segment.ident)).collect()
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let is_module = matches!(item, Item::Mod(_));
        if !is_module && !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes: &[Attribute] = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => &[],
        };
        if !is_test_only(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !is_test_only(&field.attrs) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if !is_test_only(&field.attrs) {
            visit::visit_field_value(self, field);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !is_test_only(&local.attrs) {
            visit::visit_local(self, local);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let before = self.found.imports.len();
        flatten(&item.tree, &[], &mut self.found.imports);
        let line = item.use_token.span.start().line;
        let paths = self.found.imports.iter().skip(before);
        let new = paths.map(|import| import.path.clone()).collect::<Vec<_>>();
        for path in new {
            self.add(path, line);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let line = path
            .segments
            .first()
            .map_or(0, |segment| segment.ident.span().start().line);
        self.add(segments(path), line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.read_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        if let syn::Meta::List(list) = &attribute.meta {
            self.read_tokens(list.tokens.clone());
            self.read_strings(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }

    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

/// Adds every leaf of a `use` tree to `imports`.
fn flatten(tree: &UseTree, prefix: &[String], imports: &mut Vec<Import>) {
    let longer = |name: String| {
        let mut path = prefix.to_vec();
        path.push(name);
        path
    };
    match tree {
        UseTree::Path(part) => flatten(&part.tree, &longer(plain(&part.ident)), imports),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, imports)),
        UseTree::Glob(_) => imports.push(Import {
            path: prefix.to_vec(),
            binding: Binding::Glob,
        }),
        UseTree::Name(name) => add_name(plain(&name.ident), None, prefix, imports),
        UseTree::Rename(rename) => add_name(plain(&rename.ident), Some(plain(&rename.rename)), prefix, imports),
    }
}

/// `a::{self}` brings `a` into scope, so the `self` is no part of the path.
fn add_name(name: String, alias: Option<String>, prefix: &[String], imports: &mut Vec<Import>) {
    let mut path = prefix.to_vec();
    if name != "self" || prefix.is_empty() {
        path.push(name);
    }
    let Some(last) = path.last().cloned() else { return };
    imports.push(Import {
        path,
        binding: Binding::Name(alias.unwrap_or(last)),
    });
}
