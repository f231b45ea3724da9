//! Faults on order: answers that are late, wrong, or end too early.
//!
//! A test (or a curious person with curl) puts a list of rules; each request is struck by the first rule that fits it.
//! Preflights and the control side are never struck.

mod inflict;
mod rule;

pub(crate) use inflict::Strike;
pub use rule::{Fault, FaultMatch, FaultRule, InvalidFault};

use http::Method;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The rules in force. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<ActiveRule>>>,
}

#[derive(Debug)]
struct ActiveRule {
    rule: FaultRule,
    /// Requests that fitted path and method since the rule was put.
    fitted: AtomicU64,
}

impl Faults {
    /// Replaces all rules; an empty list heals. Nothing changes when one of them is invalid.
    pub fn set(&self, rules: Vec<FaultRule>) -> Result<(), InvalidFault> {
        for rule in &rules {
            rule.check()?;
        }
        *self.rules() = rules
            .into_iter()
            .map(|rule| ActiveRule {
                rule,
                fitted: AtomicU64::new(0),
            })
            .collect();
        Ok(())
    }

    /// Returns what the first fitting rule does to this request. Counts the request for every rule that it fits, so
    /// that `nth` means the nth request of its kind whatever the other rules say.
    pub(crate) fn strike(&self, method: &Method, path: &str) -> Strike {
        let rules = self.rules();
        let mut struck = None;
        for ActiveRule { rule, fitted } in rules.iter().filter(|active| active.rule.fits(method, path)) {
            let count = fitted.fetch_add(1, Ordering::Relaxed) + 1;
            if rule.matcher.nth.is_none_or(|nth| nth == count) {
                struck.get_or_insert_with(|| rule.fault.clone());
            }
        }
        Strike::new(struck.unwrap_or_default())
    }

    fn rules(&self) -> MutexGuard<'_, Vec<ActiveRule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> Vec<FaultRule> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn nth_counts_only_requests_that_fit() {
        let faults = Faults::default();
        faults
            .set(rules(
                r#"[{"match":{"path":"/v3/chat","nth":2},"fault":{"status":503}}]"#,
            ))
            .unwrap();

        let struck = ["/v3/chat", "/v1/bots", "/v3/chat", "/v3/chat"]
            .map(|path| faults.strike(&Method::POST, path).answer().is_some());

        assert_eq!(struck, [false, false, true, false]);
    }

    #[test]
    fn invalid_rule_leaves_the_old_ones_in_force() {
        let faults = Faults::default();
        faults.set(rules(r#"[{"match":{},"fault":{"status":503}}]"#)).unwrap();

        let refused = faults.set(rules(r#"[{"match":{},"fault":{"status":99}}]"#));

        assert!(refused.is_err());
        assert!(faults.strike(&Method::GET, "/").answer().is_some());
    }
}
