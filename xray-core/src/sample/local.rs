use super::{
    LocalRules, Rule, RuleStatus,
    counts::{Counts, How},
    matcher::{Asked, Matcher},
    pattern::Pattern,
    reservoir::Reservoir,
};

/// Local rules with what each has given in the current second.
#[derive(Debug)]
pub(crate) struct LocalSampler {
    rules: Vec<Ready>,
    default: Ready,
}

#[derive(Debug)]
struct Ready {
    matcher: Matcher,
    fixed_target: u32,
    rate: f64,
    reservoir: Reservoir,
    counts: Counts,
}

impl LocalSampler {
    pub(crate) fn new(rules: &LocalRules) -> Self {
        Self {
            rules: rules.rules().iter().map(Ready::new).collect(),
            default: Ready::new(rules.default_rule()),
        }
    }

    /// `second` gives the current second of the wall clock, `chance` whether a rate hits.
    pub(crate) fn decide(
        &self,
        asked: &Asked<'_>,
        second: impl FnOnce() -> u64,
        chance: impl FnOnce(f64) -> bool,
    ) -> bool {
        let found = self.rules.iter().find(|rule| rule.matcher.matches(asked));
        let rule = found.unwrap_or(&self.default);
        // Neither the clock nor chance is asked where the rate alone decides.
        let how = if rule.rate >= 1.0 {
            How::ByRate
        } else if rule.fixed_target > 0 && rule.reservoir.take(second(), rule.fixed_target) {
            How::Taken
        } else if rule.rate > 0.0 && chance(rule.rate) {
            How::ByRate
        } else {
            How::Not
        };
        rule.counts.add(how);
        how != How::Not
    }

    pub(crate) fn status(&self) -> Vec<RuleStatus> {
        let named = self.rules.iter().enumerate();
        let named = named.map(|(index, rule)| rule.status(format!("rules/{index}")));
        named.chain([self.default.status("default".to_owned())]).collect()
    }
}

impl Ready {
    fn new(rule: &Rule) -> Self {
        let matcher = Matcher {
            host: Pattern::new(&rule.host),
            http_method: Pattern::new(&rule.http_method),
            url_path: Pattern::new(&rule.url_path),
            ..Matcher::everything()
        };
        Self {
            matcher,
            fixed_target: rule.fixed_target,
            rate: rule.rate,
            reservoir: Reservoir::default(),
            counts: Counts::default(),
        }
    }

    fn status(&self, name: String) -> RuleStatus {
        let mut status = RuleStatus::new(name, &self.matcher, self.counts.totals());
        (status.rate, status.reservoir) = (self.rate, self.fixed_target);
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SamplingRequest;

    fn decides(sampler: &LocalSampler, request: &SamplingRequest<'_>) -> bool {
        sampler.decide(&Asked::new(request), || 1, |rate| rand::random::<f64>() < rate)
    }

    #[test]
    fn first_matching_rule_decides() {
        let rules: LocalRules = r#"{"version":2,"default":{"fixed_target":0,"rate":0},"rules":[
            {"host":"*","http_method":"GET","url_path":"/a/*","fixed_target":0,"rate":1},
            {"host":"*","http_method":"*","url_path":"/a/*","fixed_target":0,"rate":0}]}"#
            .parse()
            .unwrap();
        let sampler = LocalSampler::new(&rules);
        let decide = |method, path| {
            let (method, path) = (Some(method), Some(path));
            decides(&sampler, &SamplingRequest { method, path, ..SamplingRequest::default() })
        };
        assert!(decide("get", "/A/b"));
        assert!(!decide("POST", "/a/b"));
        assert!(!decide("GET", "/b"));
        // The defect of the official Node SDK: without a host it takes the first rule, whatever its
        // method and path are.
        assert!(!decide("PUT", "/a/b"));
        assert!(decides(&sampler, &SamplingRequest::default()));
        let counted: Vec<_> = sampler.status().iter().map(|rule| rule.requests).collect();
        assert_eq!(counted, [2, 2, 1]);
    }

    #[test]
    fn built_in_rules_give_one_a_second_and_a_twentieth() {
        let sampler = LocalSampler::new(&LocalRules::default());
        let request = SamplingRequest::default();
        let count = (0..100_000).filter(|_| decides(&sampler, &request)).count();
        // 5 % of 100,000, five sigma either way.
        assert!((4_655..=5_346).contains(&count), "{count}");
        let status = &sampler.status()[0];
        assert_eq!((status.taken, status.borrowed), (1, 0));
        assert_eq!(status.requests, status.taken + status.by_rate + status.not_sampled);
    }
}
