use super::{
    LocalRules, Rule, RuleStatus, SamplingRequest,
    counts::{Counts, How},
    matcher::{Asked, Matcher, Matchers},
    pattern::Pattern,
    reservoir::Reservoir,
};

/// Local rules with what each has given in the current second.
#[derive(Debug)]
pub(crate) struct LocalSampler {
    matchers: Matchers,
    rules: Vec<Ready>,
    default: Ready,
}

#[derive(Debug)]
struct Ready {
    fixed_target: u32,
    rate: f64,
    reservoir: Reservoir,
    counts: Counts,
}

impl LocalSampler {
    pub(crate) fn new(rules: &LocalRules) -> Self {
        Self {
            matchers: rules.rules().iter().map(matcher).collect(),
            rules: rules.rules().iter().map(Ready::new).collect(),
            default: Ready::new(rules.default_rule()),
        }
    }

    /// `second` gives the current second of the wall clock, `chance` whether a rate hits.
    pub(crate) fn decide(
        &self,
        request: &SamplingRequest<'_>,
        second: impl FnOnce() -> u64,
        chance: impl FnOnce(f64) -> bool,
    ) -> bool {
        let rule = self.find(request);
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

    fn find(&self, request: &SamplingRequest<'_>) -> &Ready {
        // Most documents have no rule but the default one.
        if self.rules.is_empty() {
            return &self.default;
        }
        let place = self.matchers.first(&Asked::new(request));
        place.and_then(|place| self.rules.get(place)).unwrap_or(&self.default)
    }

    pub(crate) fn status(&self) -> Vec<RuleStatus> {
        let named = self.rules.iter().enumerate();
        let named = named
            .map(|(index, rule)| rule.status(format!("rules/{index}"), self.matchers.get(index)));
        let default = self.default.status("default".to_owned(), &Matcher::everything());
        named.chain([default]).collect()
    }
}

impl Ready {
    fn new(rule: &Rule) -> Self {
        Self {
            fixed_target: rule.fixed_target,
            rate: rule.rate,
            reservoir: Reservoir::default(),
            counts: Counts::default(),
        }
    }

    fn status(&self, name: String, matcher: &Matcher) -> RuleStatus {
        let mut status = RuleStatus::new(name, matcher, self.counts.totals());
        (status.rate, status.reservoir) = (self.rate, self.fixed_target);
        status
    }
}

fn matcher(rule: &Rule) -> Matcher {
    Matcher {
        host: Pattern::new(&rule.host),
        http_method: Pattern::new(&rule.http_method),
        url_path: Pattern::new(&rule.url_path),
        ..Matcher::everything()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decides(sampler: &LocalSampler, request: &SamplingRequest<'_>) -> bool {
        sampler.decide(request, || 1, |rate| rand::random::<f64>() < rate)
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
