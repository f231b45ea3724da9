//! Module tree of one crate: which module is in which file, what it defines and what it imports.
//!
//! Follows `mod` declarations from the crate's root as rustc does, `#[path]` included. Test-only code is left out:
//! whatever `#[cfg(test)]` covers, and files named `tests.rs`.

use super::references::{self, Import, Reference};
use super::syntax::{attributes, is_test_only, plain};
use anyhow::Context;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Item, Meta};

/// Index into [`Modules::list`].
pub(super) type ModuleId = usize;

/// All modules that can be reached from the roots of one package.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) list: Vec<Module>,
    /// Roots by the name under which other targets of the package see them.
    pub(super) roots: HashMap<String, ModuleId>,
}

/// One module, written in a file of its own or inline.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) root: ModuleId,
    pub(super) parent: Option<ModuleId>,
    pub(super) children: HashMap<String, ModuleId>,
    /// Names of the items that are defined here.
    pub(super) items: HashSet<String>,
    pub(super) imports: Vec<Import>,
    pub(super) references: Vec<Reference>,
}

impl Modules {
    /// Reads the crate whose root is `file`; `name` is the crate's name in paths.
    pub(super) fn add_root(&mut self, name: &str, file: &Path) -> anyhow::Result<()> {
        let folder = file.parent().context("a crate root has a folder")?;
        let root = self.read_file(file, folder, None)?;
        self.roots.insert(name.to_owned(), root);
        Ok(())
    }

    /// Reads a module's file. `folder` is where the files of its child modules are.
    fn read_file(&mut self, file: &Path, folder: &Path, parent: Option<ModuleId>) -> anyhow::Result<ModuleId> {
        let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
        let tree = syn::parse_file(&text).with_context(|| format!("could not parse {}", file.display()))?;
        let place = Place {
            file,
            folder,
            path_base: file.parent().unwrap_or(folder),
        };
        self.add_module(&tree.items, place, parent)
    }

    fn add_module(&mut self, items: &[Item], place: Place<'_>, parent: Option<ModuleId>) -> anyhow::Result<ModuleId> {
        let id = self.list.len();
        let root = parent
            .and_then(|parent| self.list.get(parent))
            .map_or(id, |parent| parent.root);
        let found = references::of(items);
        self.list.push(Module {
            file: place.file.to_owned(),
            root,
            parent,
            children: HashMap::new(),
            items: items.iter().filter_map(defined_name).collect(),
            imports: found.imports,
            references: found.references,
        });
        for item in items {
            let Item::Mod(module) = item else { continue };
            if is_test_only(&module.attrs) {
                continue;
            }
            let name = plain(&module.ident);
            let child = match &module.content {
                Some((_, items)) => {
                    let folder = place.folder.join(&name);
                    let inside = Place {
                        file: place.file,
                        folder: &folder,
                        path_base: &folder,
                    };
                    self.add_module(items, inside, Some(id))?
                }
                None if name == "tests" => continue,
                None => {
                    let (file, folder) = place.file_of(&name, &module.attrs);
                    self.read_file(&file, &folder, Some(id))?
                }
            };
            if let Some(module) = self.list.get_mut(id) {
                module.children.insert(name, child);
            }
        }
        Ok(id)
    }
}

/// Where the items of a module are written.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a Path,
    /// The folder of the files of child modules.
    folder: &'a Path,
    /// The folder that a `#[path]` is relative to.
    path_base: &'a Path,
}

impl Place<'_> {
    /// The file of `mod name;`, and the folder of that module's own children.
    fn file_of(self, name: &str, attributes: &[Attribute]) -> (PathBuf, PathBuf) {
        if let Some(path) = attributes.iter().find_map(explicit_path) {
            let file = self.path_base.join(path);
            let folder = file.parent().unwrap_or(self.folder).to_owned();
            return (file, folder);
        }
        let folder = self.folder.join(name);
        let beside = self.folder.join(format!("{name}.rs"));
        let file = if beside.is_file() {
            beside
        } else {
            folder.join("mod.rs")
        };
        (file, folder)
    }
}

/// The value of `#[path = ".."]`.
fn explicit_path(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(path),
            ..
        }) if pair.path.is_ident("path") => Some(path.value()),
        _ => None,
    }
}

fn defined_name(item: &Item) -> Option<String> {
    if is_test_only(attributes(item)) {
        return None;
    }
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(plain(ident))
}
