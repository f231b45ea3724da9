//! Resolves a path to the file that defines what it names.
//!
//! Re-exports and globs are followed to the definition, so an import through a facade is an arrow to the real file. A
//! path that ends in a module is no arrow: what is used of that module is named by another path.

use super::modules::{ModuleId, Modules};
use super::references::Binding;
use std::collections::{BTreeSet, HashSet};

/// What a name may stand for. One name can be a module and a function at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Module(ModuleId),
    /// An item that this module defines.
    ItemOf(ModuleId),
}

/// Looks names up in a module tree.
pub(super) struct Resolver<'m> {
    modules: &'m Modules,
    /// Look-ups under way, to end circular globs and aliases.
    under_way: HashSet<(ModuleId, String)>,
}

impl<'m> Resolver<'m> {
    pub(super) fn new(modules: &'m Modules) -> Self {
        Self {
            modules,
            under_way: HashSet::new(),
        }
    }

    /// Returns what a path names that is written in `module`; empty for a path into another crate.
    pub(super) fn resolve(&mut self, module: ModuleId, path: &[String]) -> BTreeSet<Target> {
        let Some((first, rest)) = path.split_first() else {
            return BTreeSet::new();
        };
        let Some(here) = self.modules.list.get(module) else {
            return BTreeSet::new();
        };
        let start = match first.as_str() {
            "crate" => BTreeSet::from([Target::Module(here.root)]),
            "self" => BTreeSet::from([Target::Module(module)]),
            "super" => here.parent.map(Target::Module).into_iter().collect(),
            name => {
                let found = self.look_up(module, name);
                if found.is_empty() {
                    self.modules
                        .roots
                        .get(name)
                        .copied()
                        .map(Target::Module)
                        .into_iter()
                        .collect()
                } else {
                    found
                }
            }
        };
        self.walk(start, rest)
    }

    fn walk(&mut self, start: BTreeSet<Target>, rest: &[String]) -> BTreeSet<Target> {
        let Some((name, after)) = rest.split_first() else {
            return start;
        };
        let mut found = BTreeSet::new();
        for target in &start {
            let Target::Module(module) = *target else { continue };
            let next = match name.as_str() {
                "self" => BTreeSet::from([Target::Module(module)]),
                "super" => {
                    let parent = self.modules.list.get(module).and_then(|module| module.parent);
                    parent.map(Target::Module).into_iter().collect()
                }
                name => self.look_up(module, name),
            };
            found.extend(self.walk(next, after));
        }
        if found.is_empty() {
            // What follows a type is a variant, an associated item or a method.
            found.extend(start.into_iter().filter(|target| matches!(target, Target::ItemOf(_))));
        }
        found
    }

    fn look_up(&mut self, module: ModuleId, name: &str) -> BTreeSet<Target> {
        let Some(here) = self.modules.list.get(module) else {
            return BTreeSet::new();
        };
        let question = (module, name.to_owned());
        if !self.under_way.insert(question.clone()) {
            return BTreeSet::new();
        }
        let mut found: BTreeSet<Target> = here
            .children
            .get(name)
            .copied()
            .map(Target::Module)
            .into_iter()
            .collect();
        if here.items.contains(name) {
            found.insert(Target::ItemOf(module));
        }
        for import in &here.imports {
            if matches!(&import.binding, Binding::Name(bound) if bound == name) {
                found.extend(self.resolve(module, &import.path));
            }
        }
        if found.is_empty() {
            for import in here.imports.iter().filter(|import| import.binding == Binding::Glob) {
                for target in self.resolve(module, &import.path) {
                    if let Target::Module(other) = target {
                        found.extend(self.look_up(other, name));
                    }
                }
            }
        }
        self.under_way.remove(&question);
        found
    }
}
