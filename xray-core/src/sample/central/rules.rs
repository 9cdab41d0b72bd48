use std::{collections::HashSet, sync::Arc};

use super::{
    rule::{CentralRule, Definition},
    wire::Target,
};
use crate::sample::{
    SamplingDecision,
    matcher::{Asked, Matchers},
};

/// Most rules that are kept. X-Ray itself grants an account some dozens.
pub(super) const MAX_RULES: usize = 2_000;

/// The rules in force, in the order in which they are tried. Never changed, only replaced.
#[derive(Clone, Debug, Default)]
pub(super) struct RuleSet {
    matchers: Arc<Matchers>,
    pub(super) rules: Vec<CentralRule>,
    /// They are there, and not so old that local rules stand in for them.
    pub(super) usable: bool,
    /// A rule looks at the service's type.
    pub(super) asks_type: bool,
}

impl RuleSet {
    /// The rule set that follows `before`; `None` if there is no rule.
    pub(super) fn new(
        mut definitions: Vec<Definition>,
        before: &Self,
        adaptive: bool,
    ) -> Option<Self> {
        definitions.sort_by(|one, other| one.rank().cmp(&other.rank()));
        let mut seen = HashSet::new();
        definitions.retain(|definition| seen.insert(definition.name().to_owned()));
        if definitions.len() > MAX_RULES {
            crate::logging::warning!(
                "there are {} sampling rules; those after the {MAX_RULES}th are left out",
                definitions.len()
            );
            definitions.truncate(MAX_RULES);
        }
        let rules: Vec<_> = definitions
            .into_iter()
            .map(|definition| {
                let known = before.rule(definition.name());
                CentralRule::new(definition, known, adaptive)
            })
            .collect();
        let matchers = rules.iter().map(|rule| rule.matcher().clone()).collect();
        let asks_type = rules.iter().any(|rule| !rule.matcher().service_type.is_any());
        (!rules.is_empty()).then_some(Self {
            matchers: Arc::new(matchers),
            rules,
            usable: true,
            asks_type,
        })
    }

    pub(super) fn rule(&self, name: &str) -> Option<&CentralRule> {
        self.rules.iter().find(|rule| rule.state().name() == name)
    }

    /// By the first rule that matches; `None` if none does.
    pub(super) fn decide(
        &self,
        asked: &Asked<'_>,
        second: impl FnOnce() -> u64,
        chance: impl FnOnce(f64) -> bool,
    ) -> Option<SamplingDecision> {
        let rule = self.rules.get(self.matchers.first(asked)?)?;
        Some(rule.decide(second, chance))
    }

    /// Takes over what the service grants; a document without a name or a rate is passed over.
    pub(super) fn apply(&mut self, target: &Target) {
        let rate = target.fixed_rate.filter(|rate| (0.0..=1.0).contains(rate));
        if let (Some(name), Some(rate)) = (&target.rule_name, rate)
            && let Some(rule) = self.rules.iter_mut().find(|rule| rule.state().name() == name)
        {
            rule.apply(target, rate);
        }
    }
}
