//! Strongly connected components, by Tarjan's algorithm.

use std::collections::{BTreeMap, BTreeSet};

/// A directed graph: every node with the nodes that its arrows point to.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Returns every component of at least two nodes, largest first. Nodes of a component are sorted.
pub(super) fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let mut search = Search {
        graph,
        marks: BTreeMap::new(),
        stack: Vec::new(),
        found: Vec::new(),
    };
    for node in graph.keys() {
        if !search.marks.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    let mut found = search.found;
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found
}

struct Search<'g> {
    graph: &'g Graph,
    marks: BTreeMap<&'g str, Mark>,
    stack: Vec<&'g str>,
    found: Vec<Vec<String>>,
}

#[derive(Clone, Copy)]
struct Mark {
    /// When the node was visited.
    index: usize,
    is_on_stack: bool,
}

impl<'g> Search<'g> {
    /// Visits a node that has no mark, and returns the earliest node on the stack that it reaches.
    fn visit(&mut self, node: &'g str) -> usize {
        let index = self.marks.len();
        let mut low = index;
        let mark = Mark {
            index,
            is_on_stack: true,
        };
        self.marks.insert(node, mark);
        self.stack.push(node);
        for next in self.graph.get(node).into_iter().flatten() {
            match self.marks.get(next.as_str()) {
                None => low = low.min(self.visit(next)),
                Some(seen) if seen.is_on_stack => low = low.min(seen.index),
                Some(_) => {}
            }
        }
        if low == index {
            let mut component = Vec::new();
            while let Some(member) = self.stack.pop() {
                if let Some(mark) = self.marks.get_mut(member) {
                    mark.is_on_stack = false;
                }
                component.push(member.to_owned());
                if member == node {
                    break;
                }
            }
            if component.len() > 1 {
                component.sort();
                self.found.push(component);
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(arrows: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (from, to) in arrows {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    }

    #[test]
    fn two_cycles_that_share_a_node_are_one() {
        let graph = graph(&[("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"), ("c", "d")]);

        assert_eq!(cycles(&graph), [["a", "b", "c"]]);
    }

    #[test]
    fn separate_cycles_are_listed_by_size_and_a_diamond_is_none() {
        let graph = graph(&[
            ("a", "b"),
            ("b", "a"),
            ("x", "y"),
            ("y", "z"),
            ("z", "x"),
            ("x", "a"),
            ("p", "q"),
            ("p", "r"),
            ("q", "s"),
            ("r", "s"),
        ]);

        assert_eq!(cycles(&graph), [vec!["x", "y", "z"], vec!["a", "b"]]);
    }
}
