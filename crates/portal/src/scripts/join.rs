//! Joins the modules of `web/` into one classic script: what a `<script src>` tag and a userscript manager can take.
//!
//! No bundler: each module becomes a function that returns what it exports, in the order in which they need each other, and
//! the entry's `start` is called with what the server has to say. The modules keep to the few forms that are read here
//! (`web/README.md`), and a test joins every entry; what does not fit fails there and not in somebody's page.

use std::collections::HashMap;
use std::fmt::Write as _;

/// Why modules cannot be joined. Ours are fixed, so only a test ever sees one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JoinError {
    /// Nobody embeds a file of this name.
    #[error("there is no module {0}")]
    Missing(String),
    /// The module needs itself, by way of others.
    #[error("{0} needs itself")]
    Cycle(String),
    /// An `import` or `export` in a form that is not read here.
    #[error("{path}: this form of import or export is not joined: {line}")]
    Form {
        /// In which module.
        path: String,
        /// What stands there.
        line: String,
    },
    /// Two modules declare a name at their top, and are to share one scope.
    #[error("{name} is declared by {first} and by {second}")]
    NameTwice {
        /// The name.
        name: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
}

/// How modules stand beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scopes {
    /// Each has its own names.
    Apart,
    /// All share one scope, which is shorter; no two may declare the same name, and none renames what it imports.
    Shared,
}

/// Joins `entry`, a path below `web/`, and what it imports, and calls its `start` with `served` as JSON.
///
/// `source` finds the text of a module by its path below `web/`.
pub(super) fn join(
    entry: &str,
    served: &str,
    scopes: Scopes,
    source: impl Fn(&str) -> Option<&'static str>,
) -> Result<String, JoinError> {
    let mut joined = Joined {
        source,
        scopes,
        declared: HashMap::new(),
        names: HashMap::new(),
        count: 0,
        text: String::from("(() => {\n\"use strict\";\n"),
    };
    let name = joined.add(entry)?;
    let holder = match scopes {
        Scopes::Apart => name + ".",
        Scopes::Shared => String::new(),
    };
    // JSON is JavaScript, since ES2019 to the last character.
    let _infallible = write!(joined.text, "{holder}start({served});\n}})();\n");
    Ok(joined.text)
}

struct Joined<F> {
    source: F,
    scopes: Scopes,
    /// Which module has declared a name of the shared scope.
    declared: HashMap<String, String>,
    /// The variable that holds what a module exports; `None` while it is being added.
    names: HashMap<String, Option<String>>,
    count: usize,
    text: String,
}

impl<F: Fn(&str) -> Option<&'static str>> Joined<F> {
    /// Adds a module behind all that it needs, once, and returns the variable of its exports.
    fn add(&mut self, path: &str) -> Result<String, JoinError> {
        match self.names.get(path) {
            Some(Some(name)) => return Ok(name.clone()),
            Some(None) => return Err(JoinError::Cycle(path.to_owned())),
            None => {}
        }
        let source = (self.source)(path).ok_or_else(|| JoinError::Missing(path.to_owned()))?;
        self.names.insert(path.to_owned(), None);
        let Module { imports, exports, body } = Module::read(path, source)?;
        let mut head = String::new();
        for Import { from, bindings } in imports {
            let name = self.add(&resolve(path, &from))?;
            if self.scopes == Scopes::Shared && bindings.contains(':') {
                let line = format!("import {{ {bindings} }}");
                return Err(JoinError::Form {
                    path: path.to_owned(),
                    line,
                });
            }
            let _infallible = writeln!(head, "const {{ {bindings} }} = {name};");
        }
        self.count += 1;
        let name = format!("m{}", self.count);
        match self.scopes {
            Scopes::Apart => {
                let exports = exports.join(", ");
                let _infallible = write!(
                    self.text,
                    "const {name} = (() => {{\n{head}{body}return {{ {exports} }};\n}})();\n"
                );
            }
            Scopes::Shared => {
                for declared in body.lines().flat_map(declared_at_the_top) {
                    if let Some(first) = self.declared.insert(declared.clone(), path.to_owned()) {
                        let second = path.to_owned();
                        return Err(JoinError::NameTwice {
                            name: declared,
                            first,
                            second,
                        });
                    }
                }
                self.text.push_str(&body);
            }
        }
        self.names.insert(path.to_owned(), Some(name.clone()));
        Ok(name)
    }
}

struct Import {
    from: String,
    /// As they stand in an object pattern.
    bindings: String,
}

struct Module {
    imports: Vec<Import>,
    exports: Vec<String>,
    /// Without imports, `export` and the comments that fill lines of their own.
    body: String,
}

impl Module {
    fn read(path: &str, source: &str) -> Result<Self, JoinError> {
        let form = |line: &str| JoinError::Form {
            path: path.to_owned(),
            line: line.to_owned(),
        };
        let mut module = Self {
            imports: Vec::new(),
            exports: Vec::new(),
            body: String::new(),
        };
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let begin = line.trim_start();
            if begin.is_empty() || begin.starts_with("//") {
                continue;
            }
            // A type that is stated within an expression (`/** @type {X} */ (y).z`) is no comment's line.
            let is_comment =
                begin.starts_with("/**") && begin.split_once("*/").is_none_or(|(_, code)| code.trim().is_empty());
            if is_comment {
                let mut end = line;
                while !end.trim_end().ends_with("*/") {
                    end = lines.next().ok_or_else(|| form(line))?;
                }
                continue;
            }
            if line.starts_with("import") {
                let mut statement = line.to_owned();
                while !statement.ends_with(';') {
                    statement.push_str(lines.next().ok_or_else(|| form(line))?.trim());
                }
                module.imports.push(read_import(&statement).ok_or_else(|| form(line))?);
                continue;
            }
            let Some(declaration) = line.strip_prefix("export ") else {
                module.body.push_str(line);
                module.body.push('\n');
                continue;
            };
            module.exports.push(declared(declaration).ok_or_else(|| form(line))?);
            module.body.push_str(declaration);
            module.body.push('\n');
        }
        Ok(module)
    }
}

/// `import { a, b as c } from "./x.js";`
fn read_import(statement: &str) -> Option<Import> {
    let (names, from) = statement
        .strip_prefix("import {")?
        .strip_suffix("\";")?
        .split_once("} from \"")?;
    let bindings = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    Some(Import {
        from: from.to_owned(),
        bindings: bindings
            .map(|name| name.replace(" as ", ": "))
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// The name that `function f(`, `async function* g(`, `class C {` or `const X =` declares.
fn declared(declaration: &str) -> Option<String> {
    const FORMS: [&str; 6] = [
        "async function* ",
        "async function ",
        "function* ",
        "function ",
        "class ",
        "const ",
    ];
    let rest = FORMS.iter().find_map(|form| declaration.strip_prefix(form))?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '$')));
    let name = rest.get(..end.unwrap_or(rest.len()))?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// All names that a line declares which stands at the top of a module: `const [A, B] =` declares two.
fn declared_at_the_top(line: &str) -> Vec<String> {
    let pattern = ["const [", "const {", "let [", "let {"]
        .iter()
        .find_map(|begin| line.strip_prefix(begin))
        .and_then(|rest| rest.split(['=', ']', '}']).next());
    if let Some(pattern) = pattern {
        let names = pattern.split(',').filter_map(|one| one.rsplit(':').next());
        return names
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .collect();
    }
    let line = line
        .strip_prefix("let ")
        .map_or_else(|| line.to_owned(), |rest| format!("const {rest}"));
    declared(&line).into_iter().collect()
}

/// Finds `./x.js` and `../y/x.js` as seen from a module.
fn resolve(from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(path: &str) -> Option<&'static str> {
        match path {
            "embed/main.js" => Some(
                "// The entry.\nimport {\n  greet as hello,\n  NAME,\n} from \"../client/greet.js\";\nimport { once } from \"./once.js\";\n\n/**\n * Starts.\n */\nexport function start(served) {\n  // Says it.\n  /** @type {any} */ (served).seen = true;\n  once(() => hello(NAME + served.mark));\n}\n",
            ),
            "embed/once.js" => {
                Some("import { NAME } from \"../client/greet.js\";\nexport const once = (act) => act(NAME);\n")
            }
            "client/greet.js" => {
                Some("export const NAME = \"you\";\nexport async function greet(name) {\n  said(name);\n}\n")
            }
            "shared/main.js" => Some(
                "import { GREETING } from \"./greeting.js\";\nconst [FIRST, SECOND] = GREETING;\nexport function start() {\n  return FIRST + SECOND;\n}\n",
            ),
            "shared/greeting.js" => Some("const begin = \"a\";\nexport const GREETING = [begin, \"b\"];\n"),
            "shared/twice.js" => Some("import { GREETING } from \"./greeting.js\";\nlet begin = GREETING;\n"),
            "cycle/a.js" => Some("import { b } from \"./b.js\";\nexport const a = b;\n"),
            "cycle/b.js" => Some("import { a } from \"./a.js\";\nexport const b = a;\n"),
            "form/default.js" => Some("export default 7;\n"),
            "form/star.js" => Some("import * as all from \"./a.js\";\n"),
            "form/lost.js" => Some("import { a } from \"./lost/a.js\";\n"),
            _ => None,
        }
    }

    #[test]
    fn each_module_stands_once_behind_what_it_needs() {
        let joined = join("embed/main.js", r#"{"mark":"!"}"#, Scopes::Apart, modules).unwrap();

        insta::assert_snapshot!(joined, @r#"
        (() => {
        "use strict";
        const m1 = (() => {
        const NAME = "you";
        async function greet(name) {
          said(name);
        }
        return { NAME, greet };
        })();
        const m2 = (() => {
        const { NAME } = m1;
        const once = (act) => act(NAME);
        return { once };
        })();
        const m3 = (() => {
        const { greet: hello, NAME } = m1;
        const { once } = m2;
        function start(served) {
          /** @type {any} */ (served).seen = true;
          once(() => hello(NAME + served.mark));
        }
        return { start };
        })();
        m3.start({"mark":"!"});
        })();
        "#);
    }

    #[test]
    fn modules_that_share_a_scope_stand_there_as_they_are() {
        let joined = join("shared/main.js", "{}", Scopes::Shared, modules).unwrap();

        insta::assert_snapshot!(joined, @r#"
        (() => {
        "use strict";
        const begin = "a";
        const GREETING = [begin, "b"];
        const [FIRST, SECOND] = GREETING;
        function start() {
          return FIRST + SECOND;
        }
        start({});
        })();
        "#);
        let error = |entry| join(entry, "{}", Scopes::Shared, modules).unwrap_err().to_string();
        assert_eq!(
            error("shared/twice.js"),
            "begin is declared by shared/greeting.js and by shared/twice.js"
        );
        assert!(error("embed/main.js").contains("greet: hello"));
    }

    #[test]
    fn what_cannot_be_joined_is_said() {
        let error = |entry| join(entry, "{}", Scopes::Apart, modules).unwrap_err().to_string();

        assert_eq!(error("cycle/a.js"), "cycle/a.js needs itself");
        assert_eq!(error("form/lost.js"), "there is no module form/lost/a.js");
        assert!(error("form/default.js").ends_with("not joined: export default 7;"));
        assert!(error("form/star.js").contains("import * as all"));
    }
}
